"""What the organisation demands of its people, and the keys of its secrets."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import data_keys, policy
from tenfold.accounts.organisation.policy import Policy, PolicyChange
from tenfold.kernel.errors import Conflict, Invalid, TenfoldError
from tenfold.kernel.language import say
from tenfold.kernel.structs import convert
from tenfold.web.api.auth import client_of
from tenfold.web.desk import desk_of
from tenfold.web.pages import cells
from tenfold.web.pages.admin.around import Act, acting, entering, looking, page
from tenfold.web.pages.forms import number
from tenfold.web.pages.session import Form, Req
from tenfold.web.pages.typed import Typed, mistyped

PLACE = "/admin/security"
_FIELDS = ("mfa", "mfa_grace_days", "admin_networks")


@get(PLACE)
async def policy_page(request: Req) -> ASGIResponse:
    """The policy, and the keys."""
    return await _page(request, await entering(request, "page-admin-security"))


@post(PLACE, status_code=200)
async def change_policy(request: Req) -> ASGIResponse:
    """Demand something else; asks for who has proved lately who they are."""
    act = await acting(request, "page-admin-security")
    try:
        wanted = convert(_given(act.form), PolicyChange)
        async with act.changing() as by:
            await policy.change(by, wanted)
    except Invalid as error:
        return await _page(request, act.claims, act, error)
    return act.done(say("The policy is saved, and holds from now on."), PLACE)


@post(f"{PLACE}/data-keys", status_code=200)
async def rotate_keys(request: Req) -> ASGIResponse:
    """Make a new key, and seal all secrets anew with it."""
    act = await acting(request, "page-admin-data-keys")
    try:
        async with act.changing() as by:
            await data_keys.change(by, desk_of(request).keyring)
    except Conflict as error:
        return act.refused(error, PLACE)
    return act.done(say("There is a new key; all secrets are being sealed anew with it."), PLACE)


def _given(form: Form) -> dict[str, Any]:
    """The form as the policy takes it: numbers as numbers, a network on each line."""
    return {
        "mfa": form.get("mfa"),
        "mfa_grace_days": number(form.get("mfa_grace_days")),
        "admin_networks": [line for line in form.get("admin_networks").split() if line],
    }


def _filled(now: Policy) -> Typed:
    return Typed(
        "",
        {
            "mfa": now.mfa,
            "mfa_grace_days": str(now.mfa_grace_days),
            "admin_networks": "\n".join(now.admin_networks),
        },
    )


def _again(form: Form, error: TenfoldError) -> Typed:
    """The form with its mistakes; one of a network stands beside all of them."""
    typed = mistyped(form, _FIELDS, error)
    problems = dict(typed.problems)
    lines = form.get("admin_networks").split()
    for name, text in error.fields.items():
        if name.startswith("admin_networks["):
            place = int(name.removeprefix("admin_networks[").rstrip("]"))
            problems["admin_networks"] = f"“{lines[place][:60]}” {text}"
    focus = next(iter(problems), typed.focus)
    return Typed(focus, typed.values, problems, "" if problems else typed.problem)


async def _page(
    request: Req, claims: Claims, act: Act | None = None, error: TenfoldError | None = None
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant, eyes = guest.person.tenant, guest.eyes()
        now = await policy.read(guest.reader, tenant)
        typed = _again(act.form, error) if act is not None and error is not None else _filled(now)
        found = await data_keys.read(guest.reader, tenant)
        view: dict[str, Any] = {
            "typed": typed,
            "address": client_of(request.scope).address,
            "limit": desk_of(request).settings.rate_per_minute
            if now.rate_per_minute is None
            else now.rate_per_minute,
            "keys": [(one, cells.moment_cell(one.created_at, eyes)) for one in found.keys],
            "rotation": found.rotation,
        }
        status = error.status if error is not None else 200
        return page(guest, "security.html", say("Security"), status=status, **view)


HANDLERS = [policy_page, change_policy, rotate_keys]
