"""Agenda."""

from tenfold.db.migrate import run_each

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_each("0015_agenda.up.sql")


def downgrade() -> None:
    run_each("0015_agenda.down.sql")
