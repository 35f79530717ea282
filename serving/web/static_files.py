"""Static files: the style sheet, script and icon of the page, each at a path with the hash of its content."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import zstandard

from serving.api.pages import STATIC_PATH

FOLDER = Path(__file__).with_name("static")
IMMUTABLE = "public, max-age=31536000, immutable"
# Files that a browser gets as one, so that the first view takes few requests.
_PARTS = {
    "page.css": ("vendored/pico.min.css", "vendored/uPlot.min.css", "page.css"),
    "page.js": ("vendored/htmx.min.js", "vendored/uPlot.iife.min.js", "charts.js", "page.js"),
    "favicon.svg": ("favicon.svg",),
}
_ZSTD_LEVEL = 19  # the highest that every browser unpacks (RFC 9659: a window of 8 MB)
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class StaticFile:
    """Static file: its content, plain and by content coding, and the path that names its version."""

    path: str
    media_type: str
    content: bytes
    compressed: Mapping[str, bytes]  # by content coding, the smallest first


@cache
def static_files() -> Mapping[str, StaticFile]:
    """The static files by name; read and compressed once."""
    return {name: _static_file(name, parts) for name, parts in _PARTS.items()}


def _static_file(name: str, parts: tuple[str, ...]) -> StaticFile:
    content = b"\n".join(_part(FOLDER / part) for part in parts)
    return StaticFile(
        path=f"{STATIC_PATH}{sha256(content).hexdigest()[:16]}/{name}",
        media_type=_MEDIA_TYPES[Path(name).suffix],
        content=content,
        compressed={
            "zstd": zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(content),
            "gzip": gzip.compress(content, mtime=0),
        },
    )


def _part(path: Path) -> bytes:
    """The content of a part; of the project's own ones without indentation and comments, which no browser needs."""
    content = path.read_bytes()
    if path.parent != FOLDER:
        return content
    lines = (line.strip() for line in content.splitlines())
    return b"\n".join(line for line in lines if line and not line.startswith(b"//"))
