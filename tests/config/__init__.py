from hypothesis import settings

# The same examples in every run, however slow the machine.
settings.register_profile("deterministic", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("deterministic")
