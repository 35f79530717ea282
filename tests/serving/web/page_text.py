"""Page text: what a person reads in the main part of a page, and its tables, without the markup."""

from __future__ import annotations

from html.parser import HTMLParser

from starlette.testclient import TestClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class _MainText(HTMLParser):
    """Collects the text of <main>, and of each row of its tables."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.rows: list[str] = []
        self._is_main = False
        self._row: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's own
        self._is_main = self._is_main or tag == "main"
        if tag == "tr":
            self._row = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self._row is not None:
            self.rows.append(" ".join(self._row))
            self._row = None
        self._is_main = self._is_main and tag != "main"

    def handle_data(self, data: str) -> None:
        if self._is_main and (text := " ".join(data.split())):
            self.words.append(text)
            if self._row is not None:
                self._row.append(text)


def read_page(client: TestClient, path: str, language: str = "en", status: int = 200) -> str:
    """The text of the main part of a page, which must have this status."""
    return " ".join(_parse_page(client, path, language, status).words)


def read_rows(client: TestClient, path: str, language: str = "en") -> list[str]:
    """The text of each row of the tables of a page."""
    return _parse_page(client, path, language, 200).rows


def _parse_page(client: TestClient, path: str, language: str, status: int) -> _MainText:
    response = client.get(path, headers={**BROWSER, "Accept-Language": language})
    assert response.status_code == status, response.text
    parser = _MainText()
    parser.feed(response.text)
    return parser
