"""What is remembered, and where: one schema for SQLite and PostgreSQL."""
