"""Migrations of the store's schema, by Alembic."""
