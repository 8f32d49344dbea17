"""What security events are called, how grave they are, and what their details say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tenfold.accounts.reading_events import SecurityEvent
from tenfold.web.pages.admin.places import called
from tenfold.web.pages.own_sessions import how

LABELS: Mapping[str, str] = {
    "registered": "Registered",
    "login_success": "Signed in",
    "login_failed": "Sign-in failed",
    "account_locked": "Account locked",
    "locked_account_attempt": "Tried while locked",
    "brute_force": "Many failed sign-ins from one place",
    "new_device": "New device",
    "token_reuse": "Stolen session ended",
    "logout": "Signed out",
    "session_revoked": "Session ended",
    "organization_switched": "Went to this organisation",
    "step_up": "Confirmed who they are",
    "password_changed": "Password changed",
    "password_reset_requested": "New password asked for",
    "password_reset": "Password set by link",
    "email_verified": "Address confirmed",
    "email_changed": "Address changed",
    "sign_in_link_requested": "Sign-in link asked for",
    "mfa_enabled": "Second factor set up",
    "mfa_disabled": "Second factor removed",
    "mfa_asked": "Second factor asked for",
    "mfa_failed": "Wrong second factor",
    "recovery_codes_made": "Recovery codes made",
    "recovery_code_used": "Recovery code used",
    "passkey_added": "Passkey added",
    "passkey_removed": "Passkey removed",
    "identity_linked": "Provider linked",
    "identity_unlinked": "Provider unlinked",
    "api_key_created": "API key made",
    "api_key_rotated": "API key rotated",
    "api_key_revoked": "API key revoked",
    "service_account_created": "Service account made",
    "service_account_changed": "Service account changed",
    "member_added": "Person added",
    "account_changed": "Account changed",
    "member_invited": "Invited",
    "invitation_accepted": "Invitation accepted",
    "invitation_revoked": "Invitation taken back",
    "member_deactivated": "Deactivated",
    "member_reactivated": "Reactivated",
    "permission_changed": "Permissions changed",
    "organization_changed": "Organisation changed",
    "types_changed": "Record types changed",
    "ownership_transferred": "Ownership transferred",
    "records_handed_over": "Records handed over",
    "record_shared": "Record shared",
    "record_unshared": "Record no longer shared",
    "policy_changed": "Policy changed",
    "address_refused": "Refused from outside the allowed networks",
    "secret_revealed": "Secret opened",
    "secret_unreadable": "Secret could not be opened",
    "keys_rotated": "Key of secrets changed",
    "keys_erased": "Key of secrets erased",
}
_GRAVE = frozenset(
    {"account_locked", "brute_force", "token_reuse", "secret_unreadable", "keys_erased"}
)
_ODD = frozenset(
    {"login_failed", "locked_account_attempt", "mfa_failed", "new_device", "address_refused"}
    | {"email_changed", "mfa_disabled", "ownership_transferred", "recovery_code_used"}
)
# What is shown elsewhere, or is for programs.
_UNTOLD = frozenset({"user_agent", "request_id", "actor_id", "email", "before", "after", "grants"})


def grave(kind: str) -> str:
    """The hue of an event: red for an attack or a loss, amber for what one looks at twice."""
    if kind in _GRAVE:
        return "red"
    return "amber" if kind in _ODD else "grey"


def told(one: SecurityEvent) -> str:
    """The details in a line: what changed, and the facts that are not ids."""
    facts = _changes(one.detail.get("before"), one.detail.get("after"))
    for name, value in one.detail.items():
        if name in _UNTOLD or name.endswith("_id") or value in (None, "", []):
            continue
        said = how(value) if name == "methods" else _short(value)
        facts.append(f"{called(name)}: {said}")
    return "; ".join(facts)[:400]


def _changes(before: Any, after: Any) -> list[str]:
    old, new = _named(before), _named(after)
    return [
        f"{called(name)}: {_short(old.get(name))} → {_short(value)}"
        for name, value in new.items()
        if old and value != old.get(name) and not name.endswith("_id")
    ]


def _named(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _short(value: Any) -> str:
    if isinstance(value, list | dict):
        return ", ".join(str(item) for item in cast("list[Any]", value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)
