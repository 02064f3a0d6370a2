"""Run by alembic; the connection is handed in by `Database.upgrade`."""

from __future__ import annotations

from alembic import context

from app.storage.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
