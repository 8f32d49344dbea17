"""What security events are called, how grave they are, and what their details say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tenfold.accounts.reading_events import SecurityEvent
from tenfold.kernel.language import mark, say
from tenfold.web.pages.admin.places import called
from tenfold.web.pages.own_sessions import how

LABELS: Mapping[str, str] = {
    "registered": mark("Registered"),
    "login_success": mark("Signed in"),
    "login_failed": mark("Sign-in failed"),
    "account_locked": mark("Account locked"),
    "locked_account_attempt": mark("Tried while locked"),
    "brute_force": mark("Many failed sign-ins from one place"),
    "new_device": mark("New device"),
    "token_reuse": mark("Stolen session ended"),
    "logout": mark("Signed out"),
    "session_revoked": mark("Session ended"),
    "organization_switched": mark("Went to this organisation"),
    "step_up": mark("Confirmed who they are"),
    "password_changed": mark("Password changed"),
    "password_reset_requested": mark("New password asked for"),
    "password_reset": mark("Password set by link"),
    "email_verified": mark("Address confirmed"),
    "email_changed": mark("Address changed"),
    "sign_in_link_requested": mark("Sign-in link asked for"),
    "mfa_enabled": mark("Second factor set up"),
    "mfa_disabled": mark("Second factor removed"),
    "mfa_asked": mark("Second factor asked for"),
    "mfa_failed": mark("Wrong second factor"),
    "recovery_codes_made": mark("Recovery codes made"),
    "recovery_code_used": mark("Recovery code used"),
    "passkey_added": mark("Passkey added"),
    "passkey_removed": mark("Passkey removed"),
    "identity_linked": mark("Provider linked"),
    "identity_unlinked": mark("Provider unlinked"),
    "api_key_created": mark("API key made"),
    "api_key_rotated": mark("API key rotated"),
    "api_key_revoked": mark("API key revoked"),
    "service_account_created": mark("Service account made"),
    "service_account_changed": mark("Service account changed"),
    "member_added": mark("Person added"),
    "account_changed": mark("Account changed"),
    "member_invited": mark("Invited"),
    "invitation_accepted": mark("Invitation accepted"),
    "invitation_revoked": mark("Invitation taken back"),
    "member_deactivated": mark("Deactivated"),
    "member_reactivated": mark("Reactivated"),
    "permission_changed": mark("Permissions changed"),
    "organization_changed": mark("Organisation changed"),
    "types_changed": mark("Record types changed"),
    "ownership_transferred": mark("Ownership transferred"),
    "records_handed_over": mark("Records handed over"),
    "record_shared": mark("Record shared"),
    "record_unshared": mark("Record no longer shared"),
    "policy_changed": mark("Policy changed"),
    "address_refused": mark("Refused from outside the allowed networks"),
    "secret_revealed": mark("Secret opened"),
    "secret_unreadable": mark("Secret could not be opened"),
    "keys_rotated": mark("Key of secrets changed"),
    "keys_erased": mark("Key of secrets erased"),
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
        return ", ".join(str(item) for item in cast("list[Any]", value)) or say("none")
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return say("none") if value in (None, "") else str(value)
