"""The settings of the embedded PostgreSQL, made for a small machine that it shares."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import psutil

from tenfold.db.embedded_place import Account, Place

_MIB = 1024 * 1024
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def write(place: Place, sockets: Path, overrides: Mapping[str, str]) -> None:
    """Write the server's settings and who may connect; both anew at each start."""
    settings = {**defaults(place, sockets), **overrides}
    lines = [f"{name} = '{_quoted(value)}'" for name, value in settings.items()]
    _replace(place, "tenfold.conf", ["# Written at each start; use ALTER SYSTEM instead.", *lines])
    _replace(place, "pg_hba.conf", _HBA)
    names = {place.account.name, _my_name(place.account)}
    _replace(place, "pg_ident.conf", [f'tenfold "{name}" all' for name in sorted(names)])


def defaults(place: Place, sockets: Path) -> dict[str, str]:
    """The settings that differ from PostgreSQL's own."""
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": str(connections(os.cpu_count() or 1)),
        "shared_buffers": f"{shared_buffers(memory())}MB",
        "wal_level": "replica",
        "summarize_wal": "on",
        "max_wal_senders": "5",
        "fsync": "on",
        "synchronous_commit": "on",
        "commit_delay": "1000",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": str(place.logs),
        # One file for each day of the week, emptied when its day comes round again.
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
    }


def shared_buffers(total: int) -> int:
    """MiB of PostgreSQL's own cache: a quarter of the memory (bytes), 256 to 4096.

    A quarter is what PostgreSQL's manual advises; pages that no data needs are never touched.
    """
    return max(256, min(4_096, total // 4 // _MIB))


def connections(cores: int) -> int:
    """Room for the pools of a server process on each core, and for everything beside them."""
    return max(100, 60 + 20 * cores)


def memory() -> int:
    """Bytes of memory that this machine or container has."""
    total: int = psutil.virtual_memory().total
    try:
        limit = _CGROUP_LIMIT.read_text("ascii").strip()
    except OSError:  # not Linux, or no container
        return total
    return min(total, int(limit)) if limit.isdigit() else total


# Only the account itself and root, whatever becomes of the socket folder's modes; no network.
_HBA = [
    "# Written at each start.",
    "local all all peer map=tenfold",
    "local replication all peer map=tenfold",
]


def _my_name(account: Account) -> str:
    return account.name if account.is_me else "root"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _replace(place: Place, name: str, lines: list[str]) -> None:
    """Put a file into the data folder, which root doesn't trust: never through a link there."""
    target = place.data / name
    fresh = place.data / f"{name}.new"
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        if not place.account.is_me:
            os.fchown(file.fileno(), place.account.uid, place.account.gid)
    fresh.replace(target)
