"""What security events are called, how grave they are, and what their details say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tenfold.accounts.reading_events import SecurityEvent
from tenfold.engine.definition import Definition
from tenfold.engine.stages import shipped
from tenfold.kernel.labels import label_of
from tenfold.kernel.language import mark, say, say_n
from tenfold.web.pages import words
from tenfold.web.pages.admin.key_rows import scopes_in_words
from tenfold.web.pages.admin.pipelines import HUES
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
    "automation_changed": mark("Automation changed"),
    "webhook_changed": mark("Webhook changed"),
    "messages_changed": mark("Messages changed"),
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
_UNTOLD = frozenset(
    {"user_agent", "request_id", "actor_id", "email", "before", "after", "grants"}
    | {"id", "batch_id", "session_id", "to", "passkey", "replaces", "account", "step"}
)
_NAMES: Mapping[str, str] = {
    "role": mark("Role"),
    "roles": mark("Roles"),
    "team": mark("Team"),
    "type": mark("Record type"),
    "types": mark("Record types"),
    "field": mark("Field"),
    "name": mark("Name"),
    "names": mark("Name"),
    "new_names": mark("New name"),
    "new_email": mark("New address"),
    "done": mark("What was done"),
    "did": mark("What was done"),
    "methods": mark("Signed in with"),
    "factor": mark("Second factor"),
    "left": mark("Codes left"),
    "sessions": mark("Sessions"),
    "keys": mark("API keys"),
    "prefix": mark("Begins with"),
    "scopes": mark("May"),
    "may": mark("May"),
    "changes": mark("Changes"),
    "failures": mark("Failures"),
    "people": mark("People"),
    "addresses": mark("Addresses"),
    "from": mark("From"),
    "provider": mark("Provider"),
    "reason": mark("Reason"),
    "removed": mark("Removed"),
    "which": mark("Key"),
    "number": mark("Number"),
    "active": mark("In use"),
    "region": mark("Region"),
    "currency": mark("Currency"),
    "timezone": mark("Time zone"),
    "packs": mark("Packs in use"),
    "mfa": mark("Second factor"),
    "mfa_grace_days": mark("Days to set one up"),
    "admin_networks": mark("Networks"),
    "rate_per_minute": mark("Requests a minute"),
}
_VALUES: Mapping[str, str] = {
    "made": mark("made"),
    "created": mark("made"),
    "changed": mark("changed"),
    "deleted": mark("deleted"),
    "field added": mark("field added"),
    "field changed": mark("field changed"),
    "field retired": mark("field retired"),
    "field brought back": mark("field brought back"),
    "type added": mark("type added"),
    "type changed": mark("type changed"),
    "type retired": mark("type retired"),
    "type brought back": mark("type brought back"),
    "stages changed": mark("stages changed"),
    "totp": mark("authenticator app"),
    "code": mark("code"),
    "password": mark("password"),
    "read": mark("see it"),
    "update": mark("change it"),
    "admins": mark("of administrators"),
    "all": mark("of everybody"),
    "data": mark("of secrets"),
    "another address before the first sign-in": mark("another address before the first sign-in"),
    "as it ships": mark("as it ships"),
}
Types = Mapping[str, Definition]


def grave(kind: str) -> str:
    """The hue of an event: red for an attack or a loss, amber for what one looks at twice."""
    if kind in _GRAVE:
        return "red"
    return "amber" if kind in _ODD else "grey"


def told(one: SecurityEvent, types: Types) -> str:
    """The details in a line: what changed, and the facts that are not ids."""
    about = types.get(str(one.detail.get("type")))
    facts = _changes(one.detail.get("before"), one.detail.get("after"), about)
    for name, value in one.detail.items():
        if name not in _UNTOLD and not name.endswith("_id") and value not in (None, "", []):
            facts.append(_fact(name, _said(name, value, types, about)))
    return "; ".join(facts)[:400]


def _fact(name: str, value: str) -> str:
    return say("%(name)s: %(value)s", name=name_of(name), value=value)


def name_of(name: str) -> str:
    """What a fact of an event is called."""
    return say(_NAMES[name]) if name in _NAMES else label_of(name)


def _said(name: str, value: Any, types: Types, about: Definition | None) -> str:
    match name:
        case _ if name not in _NAMES and _is_spec(value):
            return _stage_said(_named(value))
        case "methods":
            return how(value)
        case "role" | "roles":
            return ", ".join(called(str(role)) for role in _list(value)) or say("none")
        case "team":
            return str(_named(value).get("name", ""))
        case "type" | "types":
            kinds = [(str(kind), types.get(str(kind))) for kind in _list(value)]
            return ", ".join(known.label if known else kind for kind, known in kinds)
        case "field":
            return _label(str(value), about)
        case "scopes":
            return scopes_in_words([str(scope) for scope in _list(value)], types)
        case _:
            return _short(value)


def _label(field: str, about: Definition | None) -> str:
    """A field by its label; one that is gone by its name."""
    name = field.removeprefix("custom.")
    if about is None:
        return label_of(name)
    one = about.by_json.get(name) or about.fields.get(name) or about.custom_fields.get(name)
    return one.label if one is not None else label_of(name)


def _changes(before: Any, after: Any, about: Definition | None) -> list[str]:
    old, new = _named(before), _named(after)
    return [
        say(
            "%(name)s: %(old)s → %(new)s",
            name=_stage(name, about) or name_of(name),
            old=_said(name, old.get(name), {}, about),
            new=_said(name, value, {}, about),
        )
        for name, value in new.items()
        if old and value != old.get(name) and not name.endswith("_id")
    ]


def _stage(name: str, about: Definition | None) -> str:
    """A stage as it ships is called, where an event is about those of a type."""
    stages = about.status if about is not None else None
    return shipped(stages, name) if stages is not None and name in stages.options else ""


def _is_spec(value: Any) -> bool:
    return isinstance(value, dict)


def _stage_said(own: Mapping[str, Any]) -> str:
    """What an organisation calls and shows a stage otherwise."""
    said = [str(own["label"])] if own.get("label") else []
    hue = HUES.get(str(own.get("hue")), "")
    said += [say(hue)] if hue else []
    said += [say("not offered")] if own.get("hidden") else []
    if days := own.get("stuck_after_days"):
        n = words.number(days)
        said.append(say_n("stuck after %(n)s day", "stuck after %(n)s days", days, n=n))
    return ", ".join(said) or say("as it ships")


def _named(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    return [] if value in (None, "") else [value]


def _short(value: Any) -> str:
    if isinstance(value, list | dict):
        return ", ".join(_short(item) for item in cast("list[Any]", value)) or say("none")
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, int):
        return words.number(value)
    if value in (None, ""):
        return say("none")
    return say(_VALUES[value]) if value in _VALUES else str(value)
