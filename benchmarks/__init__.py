"""Measures aiwebengine beside its peers, all in one run on one machine (``python -m benchmarks``)."""
