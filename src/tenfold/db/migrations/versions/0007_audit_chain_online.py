"""Audit chain online."""

from tenfold.db.migrate import run_each

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_each("0007_audit_chain_online.up.sql")


def downgrade() -> None:
    run_each("0007_audit_chain_online.down.sql")
