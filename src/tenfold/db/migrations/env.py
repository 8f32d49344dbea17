"""Alembic's entry: runs revisions over the connection that `tenfold.db.migrate` gives."""

from alembic import context

from tenfold.db.roles import SCHEMA

given = context.config.attributes
context.configure(
    connection=given["connection"],
    version_table_schema=SCHEMA,
    transaction_per_migration=True,
    roles=given["roles"],
    versions=given["versions"],
)
with context.begin_transaction():
    context.run_migrations()
