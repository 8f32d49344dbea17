"""Alembic's entry: runs revisions over the connection that `tenfold.db.migrate` gives."""

from alembic import context

from tenfold.db.roles import SCHEMA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table_schema=SCHEMA,
    transaction_per_migration=True,
    roles=context.config.attributes["roles"],
)
with context.begin_transaction():
    context.run_migrations()
