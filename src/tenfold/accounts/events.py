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
    # Signing in and out
    "registered",
    "login_success",
    "login_failed",
    "account_locked",
    "locked_account_attempt",
    "brute_force",
    "new_device",
    "token_reuse",
    "logout",
    "session_revoked",
    "organization_switched",
    "step_up",
    # What somebody proves who they are with
    "password_changed",
    "password_reset_requested",
    "password_reset",
    "email_verified",
    "sign_in_link_requested",
    "mfa_enabled",
    "mfa_disabled",
    "mfa_asked",
    "mfa_failed",
    "recovery_codes_made",
    "recovery_code_used",
    "passkey_added",
    "passkey_removed",
    "identity_linked",
    "identity_unlinked",
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
