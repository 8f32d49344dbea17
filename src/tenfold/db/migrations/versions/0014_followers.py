"""Followers."""

from tenfold.db.migrate import run_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_script("0014_followers.up.sql")


def downgrade() -> None:
    run_script("0014_followers.down.sql")
