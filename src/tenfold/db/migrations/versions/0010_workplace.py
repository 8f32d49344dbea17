"""Workplace."""

from tenfold.db.migrate import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_script("0010_workplace.up.sql")


def downgrade() -> None:
    run_script("0010_workplace.down.sql")
