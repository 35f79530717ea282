"""Path pattern: how flywheel.toml names one file, or exactly several files by a glob."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from features.errors import InvalidLog


def path_text(files: Sequence[Path], folder: Path) -> str:
    """The path of one file, or a glob that matches these files and no others, relative to ``folder``.

    Raises:
        InvalidLog: no simple glob matches exactly these files.
    """
    relative = sorted(Path(os.path.relpath(file, folder)).as_posix() for file in files)
    if len(relative) == 1:
        return relative[0]
    for pattern in _patterns(relative):
        if sorted(_matches(pattern, folder)) == relative:
            return pattern
    raise InvalidLog(
        f"Found {len(files)} files with the same columns, {relative[0]} to {relative[-1]}, beside other files that "
        "every glob over them also matches. Expected files that one glob names: move them into a "
        "folder of their own, and name them there."
    )


def _matches(pattern: str, folder: Path) -> list[str]:
    found = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 -- relative matches, as ingestion reads them
    return [Path(match).as_posix() for match in found if (folder / match).is_file()]


def _patterns(paths: Sequence[str]) -> Iterator[str]:
    """Patterns from the narrowest to the widest."""
    start = _common_start(paths)
    end = _common_start([path[len(start) :][::-1] for path in paths])[::-1]
    suffix = PurePosixPath(paths[0]).suffix
    if not any("/" in path[len(start) : len(path) - len(end)] for path in paths):
        yield f"{glob.escape(start)}*{glob.escape(end)}"
        yield f"{glob.escape(start[: start.rfind('/') + 1])}*{glob.escape(suffix)}"
    if len({len(path) for path in paths}) == 1:
        yield "".join(_character_class(set(column)) for column in zip(*paths, strict=True))
    yield f"{glob.escape(start[: start.rfind('/') + 1])}**/*{glob.escape(suffix)}"


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    return first[: next((position for position, letter in enumerate(first) if last[position] != letter), len(first))]


def _character_class(characters: set[str]) -> str:
    if len(characters) == 1:
        return glob.escape(characters.pop())
    return f"[{''.join(sorted(characters))}]"
