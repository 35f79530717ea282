"""Run record: the parameters, metrics and files of one training or evaluation, independent of MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Table = Mapping[str, Sequence[object]]


class Metric(NamedTuple):
    """One measured value; a slash in the key groups charts, as in ``by_category/auc``."""

    key: str
    value: float
    step: int  # the origin's proleptic ordinal day (``date.toordinal()``), 0 where there is no origin


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """Identity of the training rows: digest, source and columns."""

    name: str
    digest: str  # sha256 in hex
    source: str  # path or table
    rows: int
    columns: Mapping[str, str]  # name -> MLflow type: double, long, string, datetime, boolean


@dataclass(frozen=True, kw_only=True)
class Run:
    """The record of one training or evaluation; equal fingerprints mean equal results."""

    name: str
    experiment: Literal["training", "evaluation"]
    fingerprint: str  # hex digest of data, code and configuration
    params: Mapping[str, str | int | float] = field(default_factory=dict)
    metrics: Sequence[Metric] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""  # Markdown, shown above the run's details
    dataset: DatasetInfo | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)  # figures/<name>.png
    tables: Mapping[str, Table] = field(default_factory=dict)  # tables/<name>.csv, columns of equal length
    texts: Mapping[str, str] = field(default_factory=dict)  # file name -> content
    folder: Path | None = None  # artefacts of the release, stored under ``model/``
