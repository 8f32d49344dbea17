"""Security events: what happened to accounts and permissions, by whom and from where."""

from __future__ import annotations

from typing import Literal, get_args
from uuid import UUID

import msgspec

from tenfold.accounts.client import Client
from tenfold.db.database import Transaction
from tenfold.kernel import clock
from tenfold.kernel.ids import new_id

AccountEvent = Literal[
    # Signing in
    "login_failed",
    "account_locked",
    "locked_account_attempt",
    "new_device",
    "token_reuse",
    # What somebody proves who they are with
    "password_changed",
    "password_reset_requested",
    "password_reset",
    "email_verified",
    "email_changed",
    "sign_in_link_requested",
    "mfa_enabled",
    "mfa_disabled",
    "mfa_failed",
    "recovery_codes_made",
    "recovery_code_used",
    "passkey_added",
    "passkey_removed",
    "identity_linked",
    "identity_unlinked",
]
"""What happens to an account, and so concerns every organisation of its person."""

Event = Literal[
    # Signing in to an organisation, and out
    "registered",
    "login_success",
    "brute_force",
    "logout",
    "session_revoked",
    "organization_switched",
    "step_up",
    "mfa_asked",
    # Keys of programs
    "api_key_created",
    "api_key_rotated",
    "api_key_revoked",
    "service_account_created",
    "service_account_changed",
    # The organisation
    "member_added",
    "account_changed",
    "member_invited",
    "invitation_accepted",
    "invitation_revoked",
    "member_deactivated",
    "member_reactivated",
    "permission_changed",
    "organization_changed",
    "types_changed",
    "automation_changed",
    "webhook_changed",
    "messages_changed",
    "ownership_transferred",
    "records_handed_over",
    "record_shared",
    "record_unshared",
    "policy_changed",
    "address_refused",
    # Secrets
    "secret_revealed",
    "secret_unreadable",
    "keys_rotated",
    "keys_erased",
]
"""What happens in one organisation, or in none."""

EVENTS: tuple[str, ...] = (*get_args(AccountEvent), *get_args(Event))

_ADD = """INSERT INTO tenfold.security_events
(id, tenant_id, user_id, event_type, ip_address, detail, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
# One statement whether there is such an account or not, so that neither takes longer.
_ADD_EVERYWHERE = """INSERT INTO tenfold.security_events
(id, tenant_id, user_id, event_type, ip_address, detail, created_at)
SELECT CASE WHEN row_number() OVER () = 1 THEN $1::uuid ELSE gen_random_uuid() END,
    m.tenant_id, $2::uuid, $3, $4, $5, $6
FROM (SELECT 1) AS once LEFT JOIN tenfold.known_in($2::uuid) AS m (tenant_id) ON true"""


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
    told = _told(client, detail)
    if tx.context.actor and tx.context.actor != user:
        told["actor_id"] = tx.context.actor
    place = client.address[:64] or None
    written = msgspec.json.encode(told).decode()
    await tx.execute(_ADD, new_id(), tenant, user, event, place, written, clock.now())


async def note_everywhere(
    tx: Transaction,
    event: AccountEvent,
    client: Client,
    user: UUID | None,
    **detail: object,
) -> None:
    """Write an event of an account to each organisation that its person has signed in to.

    Where there is none, or no account (`user` None), it is nobody's: who only added somebody by
    their address learns nothing of them. The detail names neither an organisation nor what is
    one's: no organisation learns by it of the others.
    """
    place = client.address[:64] or None
    written = msgspec.json.encode(_told(client, detail)).decode()
    await tx.execute(_ADD_EVERYWHERE, new_id(), user, event, place, written, clock.now())


def _told(client: Client, detail: dict[str, object]) -> dict[str, object]:
    return {"user_agent": client.agent[:200], "request_id": client.request, **detail}
