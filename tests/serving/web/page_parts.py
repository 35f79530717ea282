"""Parts of a page: its headings, texts by role, links, forms and tables, as a reader of the HTML meets them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "br", "img", "hr"}
_ROLES = {"h1": "heading", "h2": "heading", "h3": "heading", "a": "link", "button": "button", "form": "form",
          "summary": "summary", "mark": "mark", "figcaption": "caption", "tr": "row", "dd": "definition",
          "td": "cell", "th": "cell", "small": "small", "p": "paragraph", "li": "item"}  # fmt: skip


@dataclass
class Part:
    """Part of a page: an element with a role, its attributes and all text in it."""

    role: str
    attributes: dict[str, str | None]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text in it, with single blanks."""
        return " ".join(" ".join(self.words).split())


class PageParts(HTMLParser):
    """The parts of one page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language: str | None = None
        self.fields: list[dict[str, str | None]] = []
        self.parts: list[Part] = []
        self._open: list[tuple[str, Part]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "html":
            self.language = attributes.get("lang")
        if tag == "input":
            self.fields.append(attributes)
        if tag not in _VOID:
            part = Part(attributes.get("role") or _ROLES.get(tag, tag), attributes)
            self.parts.append(part)
            self._open.append((tag, part))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, part in self._open:
            part.words.append(data)

    def texts(self, role: str) -> list[str]:
        """The texts of all parts with a role, in order."""
        return [part.text for part in self.parts if part.role == role]

    @property
    def main(self) -> str:
        """The text of the content."""
        return self.texts("main")[0]
