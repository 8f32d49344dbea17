"""Order of events."""

from tenfold.db.migrate import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_script("0005_order_of_events.up.sql")


def downgrade() -> None:
    run_script("0005_order_of_events.down.sql")
