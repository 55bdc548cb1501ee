"""Assets: files kept in the repository or in directories, served, managed, and used by scripts."""
