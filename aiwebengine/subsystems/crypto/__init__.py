"""Web Cryptography for scripts, and the random generator behind it."""
