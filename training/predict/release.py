"""A release on disk: the three models that were promoted together, verified byte for byte before they answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from features.calendar import day_number, local_day, local_time
from features.errors import FlywheelError
from features.request_time import input_names, model_inputs
from features.stored import Stored
from features.views import Column, Kind, View
from training.predict.booster import BrokenBooster
from training.predict.category_forecast import CategoryForecast, forecast_categories
from training.predict.category_lines import lines_of
from training.predict.category_tables import CATEGORIES_FILE, CategoryTables
from training.predict.forecast import Forecast
from training.predict.ladder import Ladder
from training.predict.ladder_json import from_json
from training.predict.numbers import filled
from training.predict.reasons import ANSWERS, Reason, Reasons

Floats = NDArray[np.float64]

FORMAT = 1
SUMS = "SHA256SUMS"
MANIFEST = "release.json"


class CorruptRelease(FlywheelError):
    """The folder is no release, or not the one that was registered."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a release was trained for."""

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


class Release:
    """Coherent forecasts from stored features."""

    def __init__(
        self, version: str, said: Mapping[str, Any], ladder: Ladder, categories: CategoryTables | None = None
    ) -> None:
        self.version = version
        self.model_versions: dict[str, str] = said["model_versions"]
        facts = said["facts"]
        self.facts = Facts(**{**facts, "ltv_days": tuple(facts["ltv_days"]), "bands": tuple(facts["bands"])})
        self.views = tuple(_view(view) for view in said["views"])
        self.cards: list[dict[str, Any]] = said["cards"]
        self._ladder = ladder
        self._categories = categories
        self._zone = ZoneInfo(self.facts.timezone)
        self._churn_sample = np.asarray(said["churn_sample"], dtype=float)
        self._inputs = tuple(said["ladder"]["inputs"])
        self._reasons = Reasons(ladder, self._inputs, self.views, self.facts.currency)

    @classmethod
    def load(cls, folder: Path) -> Release:
        """Read and verify a release; its version is the folder's name.

        Raises:
            CorruptRelease: a file is missing, changed, or of another format.
        """
        try:
            said, texts = _verified(folder)
            categories = texts.pop(CATEGORIES_FILE, None)
            tables = None if categories is None else CategoryTables.from_json(categories)
            return cls(folder.name, said, from_json(said["ladder"], texts), tables)
        except (OSError, KeyError, TypeError, ValueError, BrokenBooster) as error:
            raise CorruptRelease(
                f"{folder} is no sound release: {error}. Expected the files that `flywheel train` wrote: "
                "fetch it again from the registry, or promote another."
            ) from None

    def forecast(self, stored: Stored, as_of: int) -> Forecast:
        """Predictions for n stored customers from ``as_of`` (microseconds since 1970 UTC) onwards.

        Raises:
            CorruptRelease: the store holds other columns than the release was trained on.
        """
        return self._ladder.forecast(self._model_inputs(stored, as_of), filled(stored.column("orders")))

    def by_category(self, stored: Stored, as_of: int, overall: Forecast) -> CategoryForecast | None:
        """The next order in each category, given what ``forecast`` said; None for a shop without categories."""
        lines = None if self._categories is None else lines_of(stored)
        if self._categories is None or lines is None:
            return None
        return forecast_categories(self._categories, lines, overall, local_time(as_of, self._zone))

    def reasons(self, stored: Stored, as_of: int, answers: Sequence[str] = ANSWERS) -> list[list[Reason]]:
        """What moved the answers of n stored customers most; nothing of one nobody knows. Milliseconds a customer.

        Raises:
            CorruptRelease: the store holds other columns than the release was trained on.
        """
        inputs, orders = self._model_inputs(stored, as_of), filled(stored.column("orders"))
        usual = float(np.median(self._churn_sample)) if len(self._churn_sample) else 0.5
        found = self._reasons.of(inputs, orders, answers, usual)
        return [reasons if known else [] for reasons, known in zip(found, stored.known.tolist(), strict=True)]

    def churn_percentile(self, probability: Floats) -> Floats:
        """Mid-rank within the population scored when the release was made, 0 to 100, (n,)."""
        sample = self._churn_sample
        below, above = np.searchsorted(sample, probability, "left"), np.searchsorted(sample, probability, "right")
        return 50.0 * (below + above) / max(len(sample), 1)

    def _model_inputs(self, stored: Stored, as_of: int) -> Floats:
        """The models' inputs at an instant, (n, inputs)."""
        if input_names(stored.columns, tuple(stored.lists)) != self._inputs:
            raise CorruptRelease(
                f"Release {self.version} expects the inputs {', '.join(self._inputs)}, the store holds "
                f"{', '.join(stored.columns)}. Publish the features again, or promote a release trained on them."
            )
        n = len(stored)
        today = day_number(local_day(as_of, self._zone))
        return model_inputs(stored, np.full(n, as_of, dtype=np.int64), np.full(n, today, dtype=np.int64))


def write_release(folder: Path, said: Mapping[str, Any], models: Mapping[str, Mapping[str, str]]) -> None:
    """Write a release's files and their sums into an empty folder.

    Args:
        folder: where to.
        said: model_versions, facts, views, cards, ladder and churn_sample, as plain JSON.
        models: model name -> its files' names and texts.
    """
    texts = {f"{model}/{name}": text for model, files in models.items() for name, text in files.items()}
    texts[MANIFEST] = json.dumps({"format": FORMAT, "files": sorted(texts), **said}, indent=1)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    sums = "".join(f"{_sha256(text.encode())}  {name}\n" for name, text in sorted(texts.items()))
    draft = folder / f"{SUMS}.tmp"
    draft.write_text(sums)
    draft.replace(folder / SUMS)


def views_json(views: Sequence[View]) -> list[dict[str, Any]]:
    """The views as plain JSON."""
    return [asdict(view) for view in views]


def _view(said: Mapping[str, Any]) -> View:
    columns = (Column(one["name"], Kind(one["kind"]), one["meaning"]) for one in said["columns"])
    return View(said["name"], tuple(columns))


def _verified(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    texts = {}
    for line in (folder / SUMS).read_text().splitlines():
        wanted, _, name = line.partition("  ")
        content = (folder / name).read_bytes()
        if _sha256(content) != wanted:
            raise ValueError(f"{name} is not the file that was registered (sha256 differs)")
        texts[name] = content.decode()
    said = json.loads(texts.pop(MANIFEST))
    if said["format"] != FORMAT:
        raise ValueError(f"it has format {said['format']}, this version reads {FORMAT}")
    if said["files"] != sorted(texts):
        raise ValueError(f"{SUMS} lists {', '.join(sorted(texts)) or 'no trees'}, not {', '.join(said['files'])}")
    return said, {name.partition("/")[2]: text for name, text in texts.items()}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
