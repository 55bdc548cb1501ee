"""Escaping, templates, text encodings, base64, hashes and dates for scripts."""
