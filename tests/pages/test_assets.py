"""The pages' files: their names, how long they are kept, and that colours can be read."""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path

import httpx
import pytest

import tenfold.web
from tenfold.app import registry
from tenfold.engine.access import Access
from tenfold.engine.definition import Definition
from tenfold.kernel.errors import Unavailable
from tenfold.web.pages.assets import SCRIPTS, SHEETS, Assets, assets
from tenfold.web.pages.columns import WIDTHS, columns_of, head_kind, near, spare
from tenfold.web.pages.render import environment

CSS = Path(tenfold.web.__file__).parent / "static" / "css"


@pytest.mark.anyio
async def test_files_are_kept_for_a_year_under_a_name_of_their_content(
    client: httpx.AsyncClient,
) -> None:
    address = assets().address("app.css")
    assert re.fullmatch(r"/static/app\.[0-9a-f]{10}\.css", address)
    answer = await client.get(address, headers={"accept-encoding": "identity"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    again = await client.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    async with client.stream("GET", address, headers={"accept-encoding": "gzip"}) as packed:
        raw = b"".join([part async for part in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == answer.content


@pytest.mark.anyio
async def test_every_file_that_the_styles_name_is_served(client: httpx.AsyncClient) -> None:
    sheet = (await client.get(assets().address("app.css"))).text
    named = re.findall(r'url\("([^"]+)"\)', sheet)
    assert any(name.endswith(".woff2") for name in named)
    for name in named:
        assert (await client.get(name)).status_code == 200


def test_a_missing_file_is_told_with_its_remedy() -> None:
    with pytest.raises(Unavailable, match="run `make install`"):
        Assets({}).address("vendor/htmx.min.js")


def test_every_script_of_the_pages_is_in_the_one_that_they_load() -> None:
    alone = {"docs", "worker"}  # the API's reference has its own, the worker is no page
    assert {p.stem for p in CSS.parent.glob("*.js")} - alone == set(SCRIPTS)
    known = assets()
    whole = known.find(known.address("pages.js").removeprefix("/static/"))
    assert whole is not None
    for name in SCRIPTS:
        assert (CSS.parent / f"{name}.js").read_bytes() in whole.body
    with pytest.raises(Unavailable):
        known.address("app.js")


def test_every_sheet_is_served_and_every_icon_exists() -> None:
    assert {p.stem for p in CSS.glob("*.css")} == set(SHEETS)
    sprite = (CSS.parent / "vendor" / "icons.svg").read_text("utf-8")
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    loader = environment().loader
    assert loader is not None
    for name in loader.list_templates():
        text = loader.get_source(environment(), name)[0]
        assert set(re.findall(r'icon\("([a-z0-9-]+)"', text)) <= known, name


def test_every_type_has_a_sign_that_is_served() -> None:
    sprite = (CSS.parent / "vendor" / "icons.svg").read_text("utf-8")
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    assert {d.icon for d in registry().stored.values()} <= known


def test_no_change_of_a_page_restyles_all_of_it() -> None:
    """`:has` high in the tree does: say it with a class, or by what stands beside."""
    high = re.compile(
        r"(?<![\w-])(?:html|body|main|:root|\.shell|\.stage|\.list)(?:[.:#\[][^\s,{]*)?:has\("
    )
    assert high.search("body:has(#chosen) .toasts")
    assert high.search(".list.as-board:has(.sentence) .board")
    assert not high.search(".list-head:has(a)")
    assert not high.search(".list .board:has(a)")
    for path in sorted(CSS.glob("*.css")):
        assert not high.search(path.read_text("utf-8")), path.name


# -- columns: what a list shows is chosen by widths that its style sheet must have


def test_columns_are_as_wide_as_their_choice_believes() -> None:
    sheet = (CSS / "table.css").read_text("utf-8").partition("@media")[0]
    rules = re.findall(r"((?:\.grid \.k-[\w.-]+(?:, )?)+) \{ width: (\d+)px; \}", sheet)
    told = {
        kind.replace(".", " "): int(width)
        for names, width in rules
        for kind in re.findall(r"\.k-([\w.-]+)", names)
    }
    assert told == WIDTHS


@pytest.mark.parametrize("definition", list(registry()), ids=lambda d: d.name)
def test_lists_fit_their_screens(definition: Definition) -> None:
    columns = columns_of(definition, Access(read="all"))
    title = WIDTHS[head_kind(definition)]
    # Beside the rail, its line, and the boxes of the rows.
    rooms = ((3, 1_024 - 241), (4, 1_320 - 281), (5, 1_440 - 281), (6, 1_600 - 281))
    for rank, room in rooms:
        shown = sum(WIDTHS[c.kind] for c in columns if c.rank <= rank)
        more = {3: near(definition, columns), 5: spare(definition, columns)}.get(rank, 0)
        # Long names are shorter on a tablet that has no room for them.
        first = WIDTHS["title"] if rank == 3 and not more else title
        # Names that are wider leave a bar to scroll with its room.
        assert first + shown + 20 * more <= room - (16 if more else 0), rank


def test_room_that_is_left_goes_to_the_names() -> None:
    leads = next(d for d in registry() if d.name == "lead")
    columns = columns_of(leads, Access(read="all"))
    assert spare(leads, columns) > 0
    assert near(leads, columns) > 0


def test_long_stages_have_a_wider_column() -> None:
    kinds = {d.name: columns_of(d, Access(read="all"))[0].kind for d in registry() if d.status}
    assert kinds["listing"] == "stage long-stage"
    assert kinds["lead"] == "stage"


# -- contrast: 4.5 for text, 3 for lines that matter (WCAG 2.2, 1.4.3 and 1.4.11)


def values(*sheets: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for sheet in sheets:
        found |= dict(
            re.findall(r"--([\w-]+): ([^;]+);", (CSS / f"{sheet}.css").read_text("utf-8"))
        )
    return found


def linear(tokens: dict[str, str], name: str) -> tuple[float, float, float]:
    """A colour in linear sRGB (Björn Ottosson's OKLab matrices)."""
    value = tokens[name]
    if inner := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return linear(tokens, inner[1])
    parts = re.fullmatch(r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", value)
    assert parts, (name, value)
    light, chroma, hue = float(parts[1]) / 100, float(parts[2]), math.radians(float(parts[3]))
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    mixed = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    red, green, blue = (min(1.0, max(0.0, x)) for x in mixed)
    return red, green, blue


def ratio(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """The contrast of two colours (WCAG 2.2)."""
    lights = sorted(0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2] for c in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def mixed(
    top: tuple[float, float, float], under: tuple[float, float, float], share: float
) -> tuple[float, float, float]:
    """A tint over a surface, mixed as browsers do, in gamma-encoded sRGB."""
    encode = [
        [x * 12.92 if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055 for x in c]
        for c in (top, under)
    ]
    joined = [share * a + (1 - share) * b for a, b in zip(*encode, strict=True)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in joined)
    return red, green, blue


@pytest.mark.parametrize("sheets", [("tokens",), ("tokens", "dark")], ids=["light", "dark"])
def test_colours_can_be_read(sheets: tuple[str, ...]) -> None:
    tokens = values(*sheets)
    for ground in ("surface", "page", "raised"):
        behind = linear(tokens, ground)
        for name in ("text", "text-2", "text-3", "accent-text"):
            assert ratio(linear(tokens, name), behind) >= 4.5, (ground, name)
        for name in ("icon", "control-line", "ring"):
            assert ratio(linear(tokens, name), behind) >= 3, (ground, name)
    assert ratio(linear(tokens, "on-accent"), linear(tokens, "accent")) >= 4.5
    share = float(tokens["tint"].rstrip("%")) / 100
    for hue in ("grey", "blue", "amber", "green", "red", "violet"):
        tint = mixed(linear(tokens, hue), linear(tokens, "surface"), share + 0.06)
        assert ratio(linear(tokens, f"{hue}-text"), tint) >= 4.5, hue
