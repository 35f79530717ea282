"""Label file: the labels that people of the shop gave to texts, by a keyed digest of each text.

The file holds no text and no customer. Who has the log and the secret of the home finds the text of a label again; who
has the file alone does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from features.config.text_labels import TOPICS
from features.storage.atomic_files import replace_private
from features.storage.secret import keyed_digest

Drawn = Literal["random", "least_sure"]
_PURPOSE = "feedback text"
_KEY_CHARACTERS = 32


@dataclass(frozen=True)
class Label:
    """What a person said of one text; a sentiment of None is neither positive nor negative."""

    is_positive: bool | None
    topics: frozenset[str]
    drawn: Drawn  # only randomly drawn texts tell how often the classifier errs
    labelled_at: int  # microseconds since 1970 UTC, by the clock of the machine


def text_key(secret: bytes, canonical_text: str) -> str:
    """The key of a text in canonical form: HMAC-SHA256 with the secret of the home, in hex, cut to 128 bits."""
    return keyed_digest(secret, _PURPOSE, canonical_text).hex()[:_KEY_CHARACTERS]


def read_labels(path: Path) -> dict[str, Label]:
    """The labels by the key of their text; empty before the first."""
    if not path.is_file():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {key: Label(**{**label, "topics": frozenset(label["topics"])}) for key, label in stored.items()}


def write_labels(path: Path, labels: Mapping[str, Label]) -> None:
    """Replace the labels."""
    stored = {key: {**asdict(label), "topics": _in_order(label.topics)} for key, label in sorted(labels.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_private(path, json.dumps(stored, indent=1).encode())


def _in_order(topics: Iterable[str]) -> list[str]:
    return [topic for topic in TOPICS if topic in topics]
