"""Automations."""

from tenfold.db.migrate import run_script

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_script("0016_automations.up.sql")


def downgrade() -> None:
    run_script("0016_automations.down.sql")
