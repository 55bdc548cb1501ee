"""Feature plugins: one package each."""
