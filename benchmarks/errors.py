"""What keeps a benchmark from being measured."""

__all__ = ["Unavailable"]


class Unavailable(Exception):
    """A program or peer that is needed is not there; the argument says which and how to get it."""
