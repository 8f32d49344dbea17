"""Pages as a person without JavaScript has them: elements, links, and forms to fill in and send."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)


class Element:
    """An element with its attributes and children."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.attributes

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    @property
    def text(self) -> str:
        """The words inside, blanks joined."""
        parts = [c if isinstance(c, str) else c.text for c in self.children]
        return " ".join(" ".join(parts).split())

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """The elements of a tag whose attributes are (or, for class_, contain) these."""
        return [e for e in self.walk() if _fits(e, tag, attributes)]

    def one(self, tag: str = "", **attributes: str) -> Element:
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]

    def fields(self) -> list[tuple[str, str]]:
        """What a form sends, as a browser fills it from the page."""
        pairs: list[tuple[str, str]] = []
        for one in self.walk():
            name = one.get("name")
            if not name or one.tag not in ("input", "textarea", "select"):
                continue
            if one.tag == "textarea":
                pairs.append((name, _inner(one)))
            elif one.tag == "select":
                pairs.extend((name, value) for value in _chosen(one))
            elif one.get("type") not in ("checkbox", "radio") or one.has("checked"):
                pairs.append((name, one.get("value")))
        return pairs


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(made)
        if tag not in _VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        if tag in [e.tag for e in self.open]:
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(text: str) -> Element:
    """The elements of a page."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    return builder.root


def _fits(element: Element, tag: str, attributes: dict[str, str]) -> bool:
    if tag and element.tag != tag:
        return False
    for name, value in attributes.items():
        if name == "class_":
            if value not in element.get("class").split():
                return False
        elif element.attributes.get(name.rstrip("_").replace("_", "-")) != value:
            return False
    return True


def _inner(element: Element) -> str:
    return "".join(c for c in element.children if isinstance(c, str))


def _chosen(select: Element) -> list[str]:
    options = select.all("option")
    chosen = [o.get("value", _inner(o)) for o in options if o.has("selected")]
    if chosen or select.has("multiple") or not options:
        return chosen
    return [options[0].get("value", _inner(options[0]))]
