"""How far an organisation's chains have come."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tenfold.audit.chain import DIGEST
from tenfold.db.transaction import Reader

_CHAINS = """SELECT log, count(*) AS seals, sum(octet_length(digests) / $1)::bigint AS entries,
    max(sealed_at) AS sealed_at
FROM tenfold.audit_seals WHERE tenant_id = current_setting('app.tenant_id')::uuid
GROUP BY log ORDER BY log"""


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation's chain over one of its logs."""

    log: str
    seals: int
    entries: int
    sealed_at: datetime
    """When its last seal was made."""


async def chains(reader: Reader) -> list[Chain]:
    """The chains of the organisation that is read for; none where nothing was sealed yet."""
    return [Chain(**dict(row.items())) for row in await reader.rows(_CHAINS, DIGEST)]
