"""View of one stored audience: its conditions, its members, and the files to hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serving.audiences.export.metadata import AudienceMetadata
from serving.web.audience_query import AUDIENCES_PATH
from serving.web.views.audience_answer import word_kind

FORMATS = ("csv", "ndjson", "parquet")


@dataclass(frozen=True, kw_only=True)
class FileView:
    """A file of members."""

    format: str
    holdout: str  # exclude or only
    url: str


@dataclass(frozen=True, kw_only=True)
class AudienceView:
    """View of one audience."""

    audience: AudienceMetadata
    expires_at: datetime
    conditions: Sequence[Mapping[str, Any]]
    files: Sequence[FileView]
    curl: str
    members: Sequence[Mapping[str, Any]] | None  # None until they are asked for
    next: str | None  # the cursor of the next page of members
    again_url: str  # the builder with the same conditions
    meanings: Mapping[str, Mapping[str, str]]  # column -> language -> a sentence

    @staticmethod
    def word_kind(column: str) -> str:
        """The kind of words in which the values of a column are shown."""
        return word_kind(column)

    @property
    def columns(self) -> list[str]:
        """The columns of the members."""
        return list(self.members[0]) if self.members else []


@dataclass(frozen=True, kw_only=True)
class ExpiredView:
    """View of an audience that is gone; None as the address where its link had no conditions."""

    again_url: str | None


def files_of(audience: AudienceMetadata) -> list[FileView]:
    """Return the files: those to approach in each format, and those held out as a second CSV file."""
    choices = [(name, "exclude") for name in FORMATS]
    if audience.holdout is not None:
        choices.append(("csv", "only"))
    path = f"{AUDIENCES_PATH}/{audience.audience_id}/members"
    return [
        FileView(format=name, holdout=holdout, url=f"{path}?format={name}&holdout={holdout}")
        for name, holdout in choices
    ]


def curl_of(audience_id: str, base_url: str) -> str:
    """Return the command that downloads the members with a key."""
    address = f"{base_url.rstrip('/')}/v1/audiences/{audience_id}/members?format=csv"
    return f"curl -H \"X-API-Key: $API_KEY\" '{address}' -o audience.csv"


def conditions_of(node: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - any JSON
    """Return all comparisons of a stored filter, in order."""
    if isinstance(node, dict) and "column" in node:
        return [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [condition for child in children for condition in conditions_of(child)]
