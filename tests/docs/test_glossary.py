"""Glossary: every term of docs/glossary.md occurs in the file that it points to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<term>[^|`]+) \| (?P<meaning>[^|]+) \| `(?P<file>[^`]+)` \|$", re.MULTILINE)
TERMS = {row["term"]: row["file"] for row in ROW.finditer((ROOT / "docs/glossary.md").read_text(encoding="utf-8"))}


def normalize(text: str) -> str:
    """The text in lower case, with spaces for hyphens, underscores and line breaks: a term may be part of a name."""
    return re.sub(r"[-_\s]+", " ", text.lower())


def test_the_glossary_is_read_whole() -> None:
    rows = [line for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    assert len(TERMS) == len(rows) - 2
    assert len(TERMS) >= 60


@pytest.mark.parametrize(("term", "file"), TERMS.items(), ids=TERMS)
def test_a_term_occurs_in_its_file(term: str, file: str) -> None:
    path = ROOT / file
    assert path.is_file(), f"the glossary sends {term!r} to {file}, which does not exist"
    assert normalize(term) in normalize(path.read_text(encoding="utf-8")), f"{term!r} does not occur in {file}"
