"""The HTTP front: receiving, limits, gates, mounted features, errors and answers."""
