"""Scripts: what they are, which are live, which of them answers a request, what they logged."""
