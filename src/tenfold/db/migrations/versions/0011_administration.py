"""Administration."""

from tenfold.db.migrate import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_script("0011_administration.up.sql")


def downgrade() -> None:
    run_script("0011_administration.down.sql")
