"""Security events: what happened to accounts and permissions, by whom and from where."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from tenfold.accounts.client import Client
from tenfold.db.database import Transaction
from tenfold.kernel import clock
from tenfold.kernel.ids import new_id

Event = Literal[
    "registered",
    "login_success",
    "login_failed",
    "account_locked",
    "locked_account_attempt",
    "token_reuse",
    "logout",
    "password_changed",
    "member_added",
    "member_deactivated",
    "member_reactivated",
    "permission_changed",
    "organization_changed",
    "secret_revealed",
    "secret_unreadable",
    "data_key_rotated",
    "data_keys_erased",
    "master_key_rotated",
]

_ADD = """INSERT INTO tenfold.security_events
(id, tenant_id, user_id, event_type, ip_address, detail, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""


async def note(
    tx: Transaction,
    event: Event,
    client: Client,
    *,
    tenant: UUID | None = None,
    user: UUID | None = None,
    **detail: object,
) -> None:
    """Write one event; `user` is whom it is about, the actor stands in the detail."""
    told = {"user_agent": client.agent[:200], "request_id": client.request, **detail}
    if tx.context.actor and tx.context.actor != user:
        told["actor_id"] = tx.context.actor
    await tx.execute(
        _ADD,
        new_id(),
        tenant,
        user,
        event,
        client.address[:64] or None,
        msgspec.json.encode(told).decode(),
        clock.now(),
    )
