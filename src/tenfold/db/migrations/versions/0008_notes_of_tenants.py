"""Notes of tenants."""

from tenfold.db.migrate import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_script("0008_notes_of_tenants.up.sql")


def downgrade() -> None:
    run_script("0008_notes_of_tenants.down.sql")
