"""What several machines share of limits: Redis, or a table of the database."""

from __future__ import annotations

import asyncio
from typing import Protocol

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tenfold.db.database import BUSY, Database
from tenfold.db.lender import LOST
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import Settings
from tenfold.web.limits.limit import Limit

REDIS_SECONDS = 0.05
"""How long Redis is waited for."""
DATABASE_SECONDS = 0.5
"""How long the database is waited for, which has other work besides."""
_CONNECTIONS = 8
"""To Redis, from each process: one answers 3,000 takes a second, and a new one costs a millisecond
of work, which all who ask after a start wait for."""

# All of it in Redis at once, by its clock, in whole microseconds (a Lua number holds 15 digits).
_IN_REDIS = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local until_ = tonumber(redis.call('GET', KEYS[1]) or '0')
local busy = math.max(until_, now) + tonumber(ARGV[1]) - now
if busy <= tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], string.format('%.0f', now + busy), 'PX', math.ceil(busy / 1000))
end
return busy
"""
_IN_DATABASE = """WITH taken AS (
    INSERT INTO tenfold.rate_limits AS r (key, used_until)
    VALUES ($1, clock_timestamp() + make_interval(secs => $2))
    ON CONFLICT (key) DO UPDATE
    SET used_until = greatest(r.used_until, clock_timestamp()) + make_interval(secs => $2)
    WHERE r.used_until <= clock_timestamp() + make_interval(secs => $3::float8 - $2)
    RETURNING used_until
)
SELECT EXISTS (SELECT FROM taken), extract(epoch FROM coalesce(
    (SELECT used_until FROM taken),
    (SELECT used_until + make_interval(secs => $2) FROM tenfold.rate_limits WHERE key = $1)
) - clock_timestamp())::float8"""


class Shared(Protocol):
    """Where several machines count together."""

    async def take(self, limit: Limit, key: bytes) -> float:
        """Count a request of a key unless it must wait; answers for how long the key is busy with
        it, in seconds. Raises Unavailable where there is no answer in time."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class InRedis:
    """Counts in a Redis or Valkey, under keys that expire by themselves."""

    def __init__(self, url: str, prefix: str) -> None:
        pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
            url,
            max_connections=_CONNECTIONS,
            timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # without the greetings of the newer one a connection is made in half
            driver_info=None,
        )
        self._client = Redis.from_pool(pool)
        self._script = self._client.register_script(_IN_REDIS)
        self._prefix = prefix.encode()

    async def take(self, limit: Limit, key: bytes) -> float:
        """One script, one trip."""
        name = b"%b:limit:%b:%b" % (self._prefix, limit.name.encode(), key.hex().encode())
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                busy = await self._script([name], [_micro(limit.step), _micro(limit.window)])
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(f"Redis does not count: {error or type(error).__name__}") from error
        return int(busy) / 1_000_000

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


class InDatabase:
    """Counts in a table of the database that is not logged: fast, and empty after a crash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, limit: Limit, key: bytes) -> float:
        """One statement on a connection that sees no tenant."""
        name = f"{limit.name}:{key.hex()}"
        try:
            async with asyncio.timeout(DATABASE_SECONDS), self._database.system() as reader:
                row = await reader.row(_IN_DATABASE, name, limit.step, float(limit.window))
        except (*LOST, *BUSY, TimeoutError, Unavailable) as error:
            raise Unavailable(f"The database does not count: {error}") from error
        assert row is not None
        taken, busy = row[0], row[1]
        if taken:
            return float(busy)
        # Somebody else was quicker, whose count this statement need not have seen.
        return max(float(busy or 0), limit.window + limit.step / 2)

    async def close(self) -> None:
        """The database is closed by whom it belongs to."""


def shared(settings: Settings, database: Database) -> Shared | None:
    """What the setting names; None: nothing but this machine's memory."""
    if not settings.limits_url:
        return None
    if settings.limits_url.startswith("postgresql:"):
        return InDatabase(database)
    return InRedis(settings.limits_url, settings.role_prefix)


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)
