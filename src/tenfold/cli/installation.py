"""An installation made ready: its database started, its roles made, its tables migrated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from tenfold.db import embedded, roles
from tenfold.db.embedded import Server
from tenfold.db.embedded_place import make_home
from tenfold.db.roles import Roles
from tenfold.kernel.errors import NotFound, Unavailable
from tenfold.kernel.settings import Settings, variable
from tenfold.outside.secrets.starting import for_children

DATABASE = "tenfold"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the database is, for each of the roles; `server` where it is the embedded one."""

    settings: Settings
    admin_url: str
    roles: Roles
    passwords: Mapping[str, str]
    server: Server | None

    def url(self, role: str) -> str:
        """The database's address as a role of this installation."""
        return roles.as_role(self.admin_url, role, self.passwords.get(role))

    @property
    def environment(self) -> dict[str, str]:
        """What the processes of this installation must know beside their own environment."""
        given = self.settings
        return {
            variable("home"): given.home,
            variable("port"): str(given.port),
            variable("host"): given.host,
            variable("app_database_url"): given.app_database_url,
            variable("tail_database_url"): given.tail_database_url,
            **for_children(given),
        }

    def close(self) -> None:
        """Stop the embedded server, if this process is the one to do it."""
        if self.server is not None:
            embedded.stop(self.server)


def home_of(settings: Settings) -> Path:
    """The installation's folder."""
    try:
        return settings.folder if settings.home else embedded.default_home()
    except RuntimeError as error:  # ~ of nobody
        raise Unavailable(
            f"The folder {settings.home or '~'} can't be found, since nobody's home is known by "
            f"that name; set TENFOLD_HOME to a whole path."
        ) from error


def need_made(settings: Settings) -> None:
    """Raise NotFound where the home holds no installation; makes nothing."""
    home = home_of(settings)
    mark = home / "keys" / "database.json" if settings.database_url else home / "postgres"
    try:
        mark.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"There is no Tenfold in {home}; start it with `tenfold up`, or set TENFOLD_HOME."
        ) from None


def open_installation(settings: Settings, say: Callable[[str], None]) -> Installation:
    """Start or find the database and make the roles; raises with a plain sentence."""
    home = home_of(settings)
    server = None
    if settings.database_url:
        home = make_home(home)
        admin = settings.database_url
    else:
        server = embedded.start(home)
        for note in server.notes:
            say(note)
        admin = server.url(DATABASE)
    try:
        return asyncio.run(_settled(settings, home, admin, server))
    except BaseException:
        if server is not None:
            embedded.stop(server)
        raise


async def _settled(
    settings: Settings, home: Path, admin: str, server: Server | None
) -> Installation:
    if server is not None:
        await _make_database(server)
    names = Roles.of(settings.role_prefix)
    # The embedded server knows its users by the socket; elsewhere each role has a password.
    words = {} if server is not None else roles.passwords(home, names)
    given = {names.app: settings.app_database_url, names.tail: settings.tail_database_url}
    await roles.ensure(admin, names, words, [name for name, url in given.items() if url])
    app, tail = (url or roles.as_role(admin, name, words.get(name)) for name, url in given.items())
    full = msgspec.structs.replace(
        settings, home=str(home), app_database_url=app, tail_database_url=tail
    )
    return Installation(full, admin, names, words, server)


async def _make_database(server: Server) -> None:
    connection = await asyncpg.connect(server.url("postgres"), timeout=30)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(
                f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"
            )
    finally:
        await connection.close()


def migrated(installation: Installation) -> bool:
    """Bring the tables up to date; answers whether there was anything to do."""
    from tenfold.db import migrate  # late: it takes a second, and the server needs it not

    url = installation.url(installation.roles.migrate)
    before = asyncio.run(migrate.current(url))
    if before == migrate.head():
        return False
    asyncio.run(migrate.upgrade(url, installation.roles))
    return True


def need_migrated(installation: Installation) -> None:
    """Raise Unavailable unless the tables are those that this version knows."""
    from tenfold.db import migrate

    found = asyncio.run(migrate.current(installation.url(installation.roles.migrate)))
    migrate.refuse_newer(found)
    if found != migrate.head():
        raise Unavailable(
            f"The database is at revision {found or 'none'}, this version needs {migrate.head()}. "
            "Run `tenfold migrate` first."
        )


def without_password(url: str) -> str:
    """An address that may be shown."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit((parts.scheme, f"{name}@{host}" if name else host, parts.path, "", ""))
