"""Release manifest: the contents of ``release.json``, which only this module reads and writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from features.views import Column, Kind, View
from training.inference.release_errors import CorruptRelease, OtherFormat
from training.inference.uplift.evidence import UpliftEvidence

FORMAT_VERSION = 2
MANIFEST_FILE = "release.json"
MONITORING_FOLDER = "monitoring"  # what the nightly job compares with; no answer needs it


@dataclass(frozen=True, kw_only=True)
class ReleaseMetadata:
    """Release metadata: the settings and the cutoff that the release was trained with."""

    as_of: int  # the training cutoff, microseconds since 1970 UTC
    name: str
    currency: str
    timezone: str
    churn_days: int
    ltv_days: tuple[int, ...]
    lead_days: int
    bands: tuple[float, float]
    max_feature_age_days: int
    feature_service: str
    has_amounts: bool
    uplift: UpliftEvidence | None = None  # None without an experiment to learn it from

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> ReleaseMetadata:
        """Build the metadata from ``to_json``'s values."""
        uplift = {} if payload.get("uplift") is None else {"uplift": UpliftEvidence.from_json(payload["uplift"])}
        tuples = {name: tuple(payload[name]) for name in ("ltv_days", "bands")}
        return cls(**{**payload, **tuples, **uplift})

    def to_json(self) -> dict[str, Any]:
        """Plain values; the evidence of uplift only where there is some."""
        payload = asdict(self)
        return payload if self.uplift is not None else {name: payload[name] for name in payload if name != "uplift"}


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """Gate result: whether the release may promote itself, and what the back-test and the log say about it."""

    passed: bool
    regressions: list[str]  # models that the champion answers surely better, or from a higher tier
    reasons: dict[str, str]
    refutations: list[str]  # sentences on what the newest test origin refutes
    no_signal: list[str]  # models that rank nobody: no better than chance at the test origins
    implausible: dict[str, str] = field(default_factory=dict)  # code -> sentence of each blocking note on the log


@dataclass(frozen=True, kw_only=True)
class ReleaseManifest:
    """Release manifest: everything that ``release.json`` contains."""

    model_versions: dict[str, str]
    metadata: ReleaseMetadata
    views: tuple[View, ...]
    cards: Sequence[Mapping[str, Any]]
    tiered_model: Mapping[str, Any]  # without the trees, as ``serialize_tiered_model`` writes it
    churn_sample: Sequence[float]
    gate: GateResult
    amount_limits: Mapping[str, float] = field(default_factory=dict)  # input -> largest plausible amount
    treated_windows: Mapping[str, int] = field(default_factory=dict)  # label windows: all, treated, left out; days
    format: int = FORMAT_VERSION
    files: list[str] = field(default_factory=list)  # the other files of the release

    @classmethod
    def parse(cls, text: str | bytes, release: str) -> ReleaseManifest:
        """Parse the text of ``release.json`` of a release; its format version is checked before anything else.

        Raises:
            OtherFormat: it has another format version, or none.
            ValueError: the text is not JSON.
            KeyError: a key is missing.
            TypeError: a value has another type.
        """
        payload = json.loads(text)
        if not isinstance(payload, dict):
            raise TypeError(f"{MANIFEST_FILE} is not an object")
        if payload.get("format") != FORMAT_VERSION:
            raise OtherFormat.of_version(release, payload.get("format"), FORMAT_VERSION)
        metadata = ReleaseMetadata.from_json(payload["metadata"])
        views = tuple(_parse_view(view) for view in payload["views"])
        return cls(**{**payload, "metadata": metadata, "views": views, "gate": GateResult(**payload["gate"])})

    @classmethod
    def read(cls, folder: Path) -> ReleaseManifest:
        """Read the manifest of a release on disk without verifying checksums.

        Raises:
            CorruptRelease: the folder contains no release, or ``release.json`` is damaged.
            OtherFormat: another version of Flywheel made the release.
        """
        try:
            return cls.parse((folder / MANIFEST_FILE).read_bytes(), folder.name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CorruptRelease.of(folder, error) from None

    @property
    def tiers(self) -> Mapping[str, str]:
        """The tier of each model: model name -> tier name."""
        tiers: Mapping[str, str] = self.tiered_model["tier_by_model"]
        return tiers

    def to_text(self) -> str:
        """Return the text of ``release.json``."""
        return json.dumps({**asdict(self), "metadata": self.metadata.to_json()}, indent=1)


def _parse_view(payload: Mapping[str, Any]) -> View:
    columns = (Column(column["name"], Kind(column["kind"]), column["meaning"]) for column in payload["columns"])
    return View(payload["name"], tuple(columns))
