"""How Alembic reaches the database: by the connection that `anchor.jobs.database` hands over."""

from __future__ import annotations

from alembic import context

from anchor.jobs.rows import Row

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Row.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
