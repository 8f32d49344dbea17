"""The colours that an organisation gave its tags, read once per change of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from uuid import UUID

from tenfold.db.database import Reader

TOPIC = "tag"
"""What a reader must know the version of, as the last one."""
# Grey is how a tag looks without a colour. More than so many colours help nobody.
_COLOURS = """SELECT name, colour FROM tenfold.tags
WHERE tenant_id = $1 AND deleted_at IS NULL AND colour <> 'grey' LIMIT 2000"""


class Colours:
    """What is known of organisations, each good for one version of their tags."""

    def __init__(self, most: int = 5_000) -> None:
        self._known: OrderedDict[UUID, tuple[int, Mapping[str, str]]] = OrderedDict()
        self._most = most

    async def of(self, reader: Reader, tenant: UUID) -> Mapping[str, str]:
        """The colours by the tags' names, in small letters; one statement where some changed."""
        version = reader.versions[-1]
        kept = self._known.get(tenant)
        if kept is not None and kept[0] == version:
            return kept[1]
        rows = await reader.rows(_COLOURS, tenant) if version else []
        found = {row["name"].casefold(): row["colour"] for row in rows}
        self._known[tenant] = (version, found)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return found


@cache
def colours() -> Colours:
    """Those of this process."""
    return Colours()
