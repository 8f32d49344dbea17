"""Audit chain."""

from tenfold.db.migrate import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_script("0006_audit_chain.up.sql")


def downgrade() -> None:
    run_script("0006_audit_chain.down.sql")
