"""Alembic's steps, run by `python -m scripts.manage migrate`."""
