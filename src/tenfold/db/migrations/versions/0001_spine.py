"""Spine."""

from tenfold.db.migrate import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_script("0001_spine.up.sql")


def downgrade() -> None:
    run_script("0001_spine.down.sql")
