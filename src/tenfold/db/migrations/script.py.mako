"""${message}"""

from tenfold.db.migrate import run_script

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    run_script("${up_revision}.up.sql")


def downgrade() -> None:
    run_script("${up_revision}.down.sql")
