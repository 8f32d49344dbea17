"""Identity online."""

from tenfold.db.migrate import run_each

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_each("0003_identity_online.up.sql")


def downgrade() -> None:
    run_each("0003_identity_online.down.sql")
