"""How the schema came to be: one file per step in `versions/`, run in order by Alembic."""
