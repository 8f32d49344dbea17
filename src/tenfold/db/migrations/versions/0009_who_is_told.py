"""Who is told."""

from tenfold.db.migrate import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_script("0009_who_is_told.up.sql")


def downgrade() -> None:
    run_script("0009_who_is_told.down.sql")
