"""Values that scripts keep by key: per script, and per user of a script."""
