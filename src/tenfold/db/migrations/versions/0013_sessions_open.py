"""Sessions open."""

from tenfold.db.migrate import run_each

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_each("0013_sessions_open.up.sql")


def downgrade() -> None:
    run_each("0013_sessions_open.down.sql")
