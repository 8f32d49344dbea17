"""All pages as one router, with their own way of telling refusals."""

from __future__ import annotations

from litestar import Router

from tenfold.web.pages import (
    admin,
    ahead,
    beside,
    components,
    compose,
    confirm,
    door,
    edit,
    errors,
    followers,
    guide,
    home,
    imports,
    in_place,
    installing,
    joining,
    mailed,
    outbox,
    own_factors,
    own_identities,
    own_language,
    own_sessions,
    palette,
    pick,
    providers,
    record,
    register,
    second_factor,
    security,
    settings,
    sharing,
    speaking,
    unsubscribing,
    whom,
)
from tenfold.web.pages.assets import assets, static_file
from tenfold.web.pages.lists import acting, arranging, moving, showing
from tenfold.web.pages.render import environment


def site() -> Router:
    """The pages; reads the files and templates that ship, so that a missing one shows at start."""
    assets()
    environment()
    handlers = [
        static_file,
        *installing.HANDLERS,
        *door.HANDLERS,
        *providers.HANDLERS,
        *second_factor.HANDLERS,
        *register.HANDLERS,
        *mailed.HANDLERS,
        *unsubscribing.HANDLERS,
        *outbox.HANDLERS,
        *confirm.HANDLERS,
        *settings.HANDLERS,
        *security.HANDLERS,
        *own_factors.HANDLERS,
        *own_identities.HANDLERS,
        *own_language.HANDLERS,
        *own_sessions.HANDLERS,
        *whom.HANDLERS,
        *joining.HANDLERS,
        *admin.HANDLERS,
        *components.HANDLERS,
        *home.HANDLERS,
        *guide.HANDLERS,
        *imports.HANDLERS,
        *showing.HANDLERS,
        *arranging.HANDLERS,
        *acting.HANDLERS,
        *moving.HANDLERS,
        *palette.HANDLERS,
        *pick.HANDLERS,
        *record.HANDLERS,
        *edit.HANDLERS,
        *in_place.HANDLERS,
        *ahead.HANDLERS,
        *followers.HANDLERS,
        *beside.HANDLERS,
        *compose.HANDLERS,
        *sharing.HANDLERS,
    ]
    return Router(
        "/",
        route_handlers=handlers,
        before_request=speaking.begin,
        exception_handlers=errors.HANDLERS,
    )
