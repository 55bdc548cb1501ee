"""What is kept in a database, one module per kind; the same statements for SQLite and PostgreSQL."""
