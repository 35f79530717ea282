"""Release: one version of all models that answer together, verified by checksum when it is loaded from disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np

from features.arrays import Floats
from features.calendar import day_number, local_day, local_time_days
from features.online.feature_rows import FeatureRows
from features.storage.atomic_files import replace_text
from features.transformations.on_demand import input_names, model_inputs
from training.inference.average.serialization import LoadMember
from training.inference.categories.forecast import CategoryForecast, forecast_categories
from training.inference.categories.hazard_tables import CATEGORIES_FILE, CategoryTables
from training.inference.categories.lines import lines_from_features
from training.inference.explanations.explanation import Explanation
from training.inference.explanations.reasons import Explainer, Reason
from training.inference.fast_numpy import nan_to_zero
from training.inference.forecast import Forecast
from training.inference.heads import Head, LoadHead
from training.inference.input_limits import InputLimits
from training.inference.release_errors import CorruptRelease, OtherFormat
from training.inference.release_manifest import MANIFEST_FILE, MONITORING_FOLDER, ReleaseManifest
from training.inference.serialization import deserialize_tiered_model
from training.inference.tiered_model import TIERED_MODELS, TieredModel
from training.inference.tiers.lightgbm_runtime import InvalidBooster

CHECKSUMS_FILE = "SHA256SUMS"
NO_HEADS: Mapping[str, LoadHead] = MappingProxyType({})
NO_LOADED_HEADS: Mapping[str, Head] = MappingProxyType({})
NO_EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType({})
NO_MEMBERS: Mapping[str, LoadMember] = MappingProxyType({})


class Release:
    """A loaded release: it computes forecasts, category forecasts and reasons from stored features."""

    def __init__(
        self,
        version: str,
        manifest: ReleaseManifest,
        tiered_model: TieredModel,
        categories: CategoryTables | None = None,
        explanations: Mapping[str, Explanation] = NO_EXPLANATIONS,
        experiment_heads: Mapping[str, Head] = NO_LOADED_HEADS,
    ) -> None:
        self.version = version
        self.model_versions = manifest.model_versions
        self.metadata = manifest.metadata
        self.views = manifest.views
        self.cards = manifest.cards
        self.unranked_models = frozenset(manifest.gate.no_signal)
        self._tiered_model = tiered_model
        self._categories = categories
        self._experiment_heads = experiment_heads
        self._zone = ZoneInfo(self.metadata.timezone)
        self._churn_sample = np.asarray(manifest.churn_sample, dtype=float)
        self._input_names = tuple(manifest.tiered_model["inputs"])
        self._input_limits = InputLimits.from_names(manifest.amount_limits, self._input_names)
        self._explainer = Explainer(tiered_model, self._input_names, self.views, self.metadata.currency, explanations)

    @classmethod
    def load(
        cls,
        folder: Path,
        heads: Mapping[str, LoadHead] = NO_HEADS,
        explanations: Mapping[str, Explanation] = NO_EXPLANATIONS,
        members: Mapping[str, LoadMember] = NO_MEMBERS,
        experiment_heads: Mapping[str, LoadHead] = NO_HEADS,
    ) -> Release:
        """Read and verify a release; its version is the folder's name.

        The pages of ``training/models/`` own the heads and explanations, those of ``training/members/`` the members of
        the average: ``training.models.load_release`` passes them.

        Raises:
            CorruptRelease: a file is missing or changed.
            OtherFormat: another version of Flywheel made it.
        """
        texts = _read_verified(folder)
        try:
            manifest = ReleaseManifest.parse(texts.pop(MANIFEST_FILE), folder.name)
            _check_listed(folder, manifest, texts)
            files = _files_by_model(texts)
            learned = _load_experiment_heads(manifest, files, experiment_heads)
            tiered_model, categories = _build_models(manifest, files, heads, members)
            return cls(folder.name, manifest, tiered_model, categories, explanations, learned)
        except (KeyError, TypeError, ValueError, InvalidBooster) as error:
            # The checksums match, so these are the files that another version of this code wrote.
            raise OtherFormat.of_contents(folder.name, error) from None

    def forecast(self, stored: FeatureRows, as_of: int) -> Forecast:
        """Return the forecast for n stored customers, from ``as_of`` (microseconds since 1970 UTC) onwards.

        Raises:
            CorruptRelease: the store's columns differ from those that the release was trained on.
        """
        inputs, orders = self.inputs(stored, as_of), nan_to_zero(stored.column("orders"))
        forecast = self._tiered_model.forecast(inputs, orders)
        if not self._experiment_heads:
            return forecast
        learned = {name: head.predict(inputs, orders, forecast) for name, head in self._experiment_heads.items()}
        return replace(forecast, answers={**forecast.answers, **learned})

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs that the release was trained on."""
        return self._input_names

    def forecast_inputs(self, inputs: Floats, orders: Floats) -> Forecast:
        """Return the forecast from inputs (n, input_names) and orders so far (n,), as training has them."""
        return self._tiered_model.forecast(inputs, orders)

    def by_category(self, stored: FeatureRows, as_of: int, overall: Forecast) -> CategoryForecast | None:
        """Return the forecast of the next order in each category, (m lines); None for a shop without categories.

        Args:
            stored: features of n customers.
            as_of: microseconds since 1970 UTC.
            overall: what ``forecast`` returned for the same customers and instant.
        """
        lines = None if self._categories is None else lines_from_features(stored)
        if self._categories is None or lines is None:
            return None
        return forecast_categories(self._categories, lines, overall, local_time_days(as_of, self._zone))

    def reasons(self, stored: FeatureRows, as_of: int, answers: Sequence[str]) -> list[list[Reason]]:
        """Return the most important reasons for the answers of n stored customers; none for an unknown customer.

        It takes milliseconds per customer.

        Raises:
            CorruptRelease: the store's columns differ from those that the release was trained on.
        """
        inputs, orders = self.inputs(stored, as_of), nan_to_zero(stored.column("orders"))
        usual = float(np.median(self._churn_sample)) if len(self._churn_sample) else 0.5
        answered = [answer for answer in answers if answer in self._tiered_model.tier_by_model]
        explained = self._explainer.explain(inputs, orders, answered, usual)
        return [reasons if known else [] for reasons, known in zip(explained, stored.known.tolist(), strict=True)]

    def churn_percentile(self, probability: Floats) -> Floats:
        """Return the mid-rank within the population scored when the release was made, 0 to 100, (n,)."""
        sample = self._churn_sample
        below, above = np.searchsorted(sample, probability, "left"), np.searchsorted(sample, probability, "right")
        return 50.0 * (below + above) / max(len(sample), 1)

    def inputs(self, stored: FeatureRows, as_of: int) -> Floats:
        """Return the inputs of n stored customers, (n, input_names); raises CorruptRelease for other columns."""
        if input_names(stored.columns, tuple(stored.lists)) != self._input_names:
            raise CorruptRelease(
                f"Release {self.version} expects the inputs {', '.join(self._input_names)}, the store holds "
                f"{', '.join(stored.columns)}. Run `flywheel publish` again, or promote a release trained on them."
            )
        n = len(stored)
        today = day_number(local_day(as_of, self._zone))
        inputs = model_inputs(stored, np.full(n, as_of, dtype=np.int64), np.full(n, today, dtype=np.int64))
        return self._input_limits.clip(inputs)


def write_release(folder: Path, manifest: ReleaseManifest, models: Mapping[str, Mapping[str, str]]) -> None:
    """Write a release's files and their checksums into an empty folder.

    Args:
        folder: the empty folder.
        manifest: the manifest without the file names, which are added here.
        models: model name -> file name -> text.
    """
    texts = {f"{model}/{name}": text for model, files in models.items() for name, text in files.items()}
    texts[MANIFEST_FILE] = replace(manifest, files=sorted(texts)).to_text()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    sums = "".join(f"{_sha256(text.encode())}  {name}\n" for name, text in sorted(texts.items()))
    replace_text(folder / CHECKSUMS_FILE, sums)


def _head_names(manifest: ReleaseManifest, heads: Mapping[str, LoadHead]) -> list[str]:
    """The models of the release that the tiers do not answer, each of which needs a head."""
    names = [name for name in manifest.tiers if name not in TIERED_MODELS]
    if missing := [name for name in names if name not in heads]:
        raise ValueError(f"it answers {', '.join(missing)}, of which training/models/ has no page")
    return names


def _read_verified(folder: Path) -> dict[str, str]:
    """File name -> text of the files that the checksums list; raises CorruptRelease for a missing or changed one."""
    texts = {}
    try:
        for line in (folder / CHECKSUMS_FILE).read_text().splitlines():
            expected, _, name = line.partition("  ")
            content = (folder / name).read_bytes()
            if _sha256(content) != expected:
                raise CorruptRelease.of(folder, f"{name} is not the file that was registered (sha256 differs)")
            texts[name] = content.decode()
    except (OSError, ValueError) as error:
        raise CorruptRelease.of(folder, error) from None
    if MANIFEST_FILE not in texts:
        raise CorruptRelease.of(folder, f"{CHECKSUMS_FILE} does not list {MANIFEST_FILE}")
    return texts


def _check_listed(folder: Path, manifest: ReleaseManifest, texts: Mapping[str, str]) -> None:
    """Check that the checksums list the files that the manifest names; raises CorruptRelease otherwise."""
    if manifest.files != sorted(texts):
        listed, named = ", ".join(sorted(texts)) or "no trees", ", ".join(manifest.files)
        raise CorruptRelease.of(folder, f"{CHECKSUMS_FILE} lists {listed}, not {named}")


def _files_by_model(texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The texts of a release's files: model -> file -> text."""
    files: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        model, _, file = name.partition("/")
        files.setdefault(model, {})[file] = text
    return files


def _load_experiment_heads(
    manifest: ReleaseManifest, files: dict[str, dict[str, str]], heads: Mapping[str, LoadHead]
) -> dict[str, Head]:
    """The heads that experiments taught, their files taken out of ``files``; most releases have none."""
    names = manifest.tiered_model["inputs"]
    return {name: heads[name](files.pop(name), names) for name in [*files] if name in heads}


def _build_models(
    manifest: ReleaseManifest,
    files: dict[str, dict[str, str]],
    heads: Mapping[str, LoadHead],
    members: Mapping[str, LoadMember],
) -> tuple[TieredModel, CategoryTables | None]:
    """The tiered model and the tables of the categories, from the files of each model."""
    files.pop(MONITORING_FOLDER, None)
    names = manifest.tiered_model["inputs"]
    loaded = {name: heads[name](files.pop(name, {}), names) for name in _head_names(manifest, heads)}
    artifacts = {name: text for contents in files.values() for name, text in contents.items()}
    categories = artifacts.pop(CATEGORIES_FILE, None)
    tables = None if categories is None else CategoryTables.from_json(categories)
    return deserialize_tiered_model(manifest.tiered_model, artifacts, members, loaded), tables


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
