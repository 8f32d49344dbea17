"""Identity of today."""

from tenfold.db.migrate import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_script("0004_identity_of_today.up.sql")


def downgrade() -> None:
    run_script("0004_identity_of_today.down.sql")
