"""Pages: HTML of the page as tests read it, by role and text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Element:
    """An element with its attributes, its text and the elements inside it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, with single blanks."""
        parts = (child if isinstance(child, str) else f" {child.text} " for child in self.children)
        return " ".join("".join(parts).split())

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements inside with a tag and attributes; ``class_`` is one of the classes."""
        matches = []
        for child in self.children:
            if isinstance(child, Element):
                matches += [child] if child._fits(tag, attributes) else []
                matches += child.all(tag, **attributes)
        return matches

    def one(self, tag: str, **attributes: str) -> Element:
        """The only such element."""
        (element,) = self.all(tag, **attributes)
        return element

    def _fits(self, tag: str, attributes: dict[str, str]) -> bool:
        if tag not in ("*", self.tag):
            return False
        return all(
            value in self.attributes.get("class", "").split()
            if name == "class_"
            else self.attributes.get(name.replace("_", "-")) == value
            for name, value in attributes.items()
        )


def parse_page(html: str) -> Element:
    """The document of a page."""
    parser = _Parser()
    parser.feed(html)
    return parser.root


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open[-1].tag == tag, f"found </{tag}> inside <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)
