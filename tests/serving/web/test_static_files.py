"""Static files: vendored files are those of their projects, and browsers keep what they got by its hash."""

from __future__ import annotations

import gzip
import re
import tomllib
from hashlib import sha256

import pytest
import zstandard

from serving.web.static_files import FOLDER, static_files
from tests.serving.fakes import FakeRelease, Shop

VENDORED = FOLDER / "vendored"
TABLE = tomllib.loads((VENDORED / "vendored.toml").read_text())["file"]
FIRST_VIEW_BYTES, PAGE_BYTES = 60_000, 8_000  # compressed: the files and a page, and the page alone
NAMES = ("page.css", "page.js", "favicon.svg")


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_one_its_project_published(entry: dict[str, str]) -> None:
    content = (VENDORED / entry["file"]).read_bytes()
    assert sha256(content).hexdigest() == entry["sha256"]
    assert entry["version"] in content.decode() or entry["name"] in ("htmx", "uPlot")
    assert {"name", "version", "licence", "source", "licence_file"} < entry.keys()
    assert len((VENDORED / entry["licence_file"]).read_text()) > 300


def test_every_vendored_file_is_in_the_table() -> None:
    named = {entry[key] for entry in TABLE for key in ("file", "licence_file")}
    assert {path.name for path in VENDORED.iterdir()} == named | {"vendored.toml"}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_needs_no_key_and_is_kept_for_good(name: str) -> None:
    with Shop.of(FakeRelease(), keys=["key"]).client() as client:
        response = client.get(static_files()[name].path, headers={"Accept-Encoding": "gzip"})
        assert response.status_code == 200
        assert response.content == static_files()[name].content
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-encoding"] == "gzip"
        plain = client.get(static_files()[name].path, headers={"Accept-Encoding": "gzip;q=0, identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == response.content
        smallest = client.get(static_files()[name].path, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
        assert smallest.headers["content-encoding"] == "zstd"


@pytest.mark.parametrize("path", ["/app/static/0000000000000000/page.css", "/app/static/x/nothing.js",
                                  "/app/static/../../settings.py"])  # fmt: skip
def test_another_version_or_another_file_is_not_there(path: str) -> None:
    with Shop.of(FakeRelease()).client() as client:
        assert client.get(path).status_code == 404


def test_the_path_changes_with_the_content() -> None:
    for name, file in static_files().items():
        assert file.path == f"/app/static/{sha256(file.content).hexdigest()[:16]}/{name}"
        assert gzip.decompress(file.compressed["gzip"]) == file.content
        assert zstandard.ZstdDecompressor().decompress(file.compressed["zstd"]) == file.content


def test_the_first_view_fits_the_budget() -> None:
    with Shop.of(FakeRelease()).client() as client:
        page = client.get("/app/", headers={"Accept": "text/html"})
        assert page.headers["content-encoding"] == "gzip"
        html = int(page.headers["content-length"])
        assert html <= PAGE_BYTES
        assert html + sum(len(file.compressed["gzip"]) for file in static_files().values()) <= FIRST_VIEW_BYTES
        assert len(re.findall(r"(?:src|href)=\"/app/static/", page.text)) == len(NAMES)


def test_own_scripts_load_nothing_and_evaluate_nothing() -> None:
    for name in ("page.js", "charts.js"):
        script = (FOLDER / name).read_text()
        assert not re.search(r"\beval\b|new Function|https?:|innerHTML", script)
