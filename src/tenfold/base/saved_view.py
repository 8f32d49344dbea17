"""Lists as somebody arranged and named them."""

from __future__ import annotations

from enum import StrEnum

from tenfold.engine.declare import OPEN, OWN, Record, can, field


class ViewPrivacy(StrEnum):
    """Who sees a view in their lists; a private one can be shared with people and teams."""

    PRIVATE = "private"
    EVERYONE = "everyone"


class SavedView(
    Record,
    plural="saved_views",
    icon="bookmark",
    private="privacy",
    strict=True,
    listed=False,
):
    """A list with its filters, order, columns and form under a name and an address of its own."""

    name: str = field(search="A", title=True, sort=True, max_length=100)
    path: str = field(
        filter=True, max_length=100, help="The address of the list it is of, like `leads`."
    )
    parameters: str | None = field(
        max_length=8_000, help="What stands behind the `?` of the list's address."
    )
    privacy: ViewPrivacy = field(
        default=ViewPrivacy.PRIVATE, filter=True, label="Who sees it", help="Private or everyone."
    )

    access = {"member": can(read=OPEN, create=True, update=OWN, delete=OWN)}
