"""The command line: one command tree over the same functions as the server's."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `tenfold`; errors are plain sentences, and exit codes mean something (see `--help`)."""
    from tenfold.cli.commands import app, plain

    sys.exit(plain(app))
