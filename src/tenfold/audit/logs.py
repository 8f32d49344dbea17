"""The two logs that are sealed, and how the database tells an entry of them.

These texts are what is hashed: a seal that was made stays good only as long as they stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.kernel.ids import NIL


@dataclass(frozen=True, slots=True)
class Log:
    """A log: its table, whose an entry is, and when it was; the pairs of what it is and says."""

    name: str
    table: str
    tenant: str
    own: str
    """The condition that finds the entries of the organisation `$1`."""
    at: str
    about: str
    content: str
    days: int | None
    """For how long an entry is kept; None: for good."""

    def entries(self, condition: str) -> str:
        """The statement that reads entries which meet a condition, in the order they committed."""
        at = f"""to_char({self.at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        about = f"jsonb_build_object('seq', seq, 'at', {at}) || jsonb_build_object({self.about})"
        # Of the two logs below alone.
        return f"""SELECT {self.tenant} AS tenant, xid::text AS transaction, seq, {self.at} AS at,
    ({about})::text AS about, jsonb_build_object({self.content})::text AS content
FROM {self.table} WHERE {condition} ORDER BY xid, seq"""  # noqa: S608


CHANGES = Log(
    name="changes",
    table="tenfold.change_log",
    tenant="tenant_id",
    own="tenant_id = $1",
    at="at",
    about="""'type', type, 'record_id', record_id, 'operation', operation, 'version', version,
    'actor_id', actor_id, 'request_id', request_id, 'batch_id', batch_id, 'cause_id', cause_id,
    'depth', depth, 'fields', (SELECT jsonb_agg(name ORDER BY name COLLATE "C")
        FROM jsonb_object_keys(CASE WHEN old IS NOT NULL THEN new END) AS name)""",
    content="'old', old, 'new', new, 'reason', reason",
    days=None,
)
SECURITY_EVENTS = Log(
    name="security_events",
    table="tenfold.security_events",
    tenant=f"coalesce(tenant_id, '{NIL}')",
    # As the index finds them; those of nobody are few.
    own=f"(tenant_id = $1 OR tenant_id IS NULL AND $1 = '{NIL}')",
    at="created_at",
    about="'id', id, 'event_type', event_type, 'user_id', user_id",
    content="'ip_address', ip_address, 'detail', detail",
    days=365,
)
LOGS = (CHANGES, SECURITY_EVENTS)
