"""`tenfold serve`: the server's processes."""

from __future__ import annotations

import os
import signal
import sys

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server as Granian

from tenfold.app import serving
from tenfold.cli import logs
from tenfold.cli.installation import Installation
from tenfold.cli.ports import port_free
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import from_environment
from tenfold.web.edge import Edge

KILL_SECONDS = 6
"""How long requests may go on after the stop; `tenfold up` kills what lives longer than 10."""
_LOG = {"formatters": {of: {"()": "tenfold.cli.logs.formatter"} for of in ("generic", "access")}}


def application() -> Edge:
    """The application of one server process, for which granian calls in that process."""
    # It inherits the handlers of the process that started it, which would swallow a signal that
    # comes before granian has put its own here: until then it simply ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    logs.configure(from_environment().log_level)
    return serving()


def run(installation: Installation) -> int:
    """Serve until SIGTERM or SIGINT."""
    served = installation.settings
    if problem := port_free(served.host, served.port):
        raise Unavailable(problem)
    workers = served.workers or os.cpu_count() or 1
    os.environ.update(installation.environment)
    server = Granian(
        "tenfold.cli.serve:application",
        address=served.host,
        port=served.port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        backpressure=served.backpressure,
        backlog=4_096,
        loop=Loops.uvloop if sys.platform != "win32" else Loops.auto,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=_LOG,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
    )
    server.serve()
    return 0
