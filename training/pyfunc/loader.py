"""Pyfunc loader: MLflow calls it to load a release from its text files; nothing is unpickled and no code is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from features.calendar import instant, micros
from features.online.arrow_rows import ARROW_TYPES, TIMESTAMP_TYPE, feature_rows
from features.online.feature_rows import FeatureRows
from features.views import CUSTOMER_ID, EVENT_TIMESTAMP, FEATURES_AT
from training.inference.answers.answer import AnswerContext, Horizons
from training.inference.answers.shop_day import ShopDay
from training.inference.release import Release
from training.models import ANSWER_ORDER, PAGES, load_release

AS_OF = "as_of"


class PyfuncRelease:
    """The answers of a release's models to a data frame of features, as the service computes them."""

    def __init__(self, release: Release, models: Sequence[str]) -> None:
        self._release = release
        self._models = [name for name in ANSWER_ORDER if name in models]

    def predict(self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """One row of answers for each row of features, in the columns of the scores table.

        Args:
            model_input: the columns of the feature tables, as published; ``customer_id``, ``event_timestamp`` and lists
                may be missing.
            params: ``as_of``, the instant of the answers in ISO 8601 with an offset; default: that of the features in
                ``event_timestamp``, or the training cutoff without that column.

        Raises:
            KeyError: a feature is missing.
            ValueError: ``as_of`` is not such an instant, or is before the features; or a feature has another type.
        """
        as_of = _as_of(params) or _features_at(model_input) or self._release.metadata.as_of
        _refuse_later_features(model_input, as_of)
        stored, metadata = _feature_rows(model_input, self._release), self._release.metadata
        forecast = self._release.forecast(stored, as_of)
        context = AnswerContext(
            forecast=forecast,
            stored=stored,
            metadata=metadata,
            today=ShopDay.from_instant(as_of, ZoneInfo(metadata.timezone)),
            churn_percentile=self._release.churn_percentile,
            categories=self._release.by_category(stored, as_of, forecast),
        )
        horizons = Horizons(churn_days=metadata.churn_days, ltv_days=metadata.ltv_days)
        columns: dict[str, Any] = {}
        for name in self._models:
            answer = PAGES[name].answer
            columns |= answer.tabulate(answer.compute(context), horizons)
        return pd.DataFrame(columns, index=model_input.index)


def _load_pyfunc(path: str, model_config: Mapping[str, Any]) -> PyfuncRelease:
    """Load the release in a folder; MLflow asks for this name.

    Raises:
        CorruptRelease: a file is missing, changed, or of another format.
    """
    return PyfuncRelease(load_release(Path(path)), model_config["models"])


def _as_of(params: Mapping[str, Any] | None) -> int | None:
    """The requested instant, microseconds since 1970 UTC; None where none is requested."""
    text = (params or {}).get(AS_OF)
    if not text:
        return None
    requested = pd.Timestamp(text)
    if requested.tzinfo is None:
        raise ValueError(f"Found as_of {text!r}. Expected an instant with its offset, as in 2026-01-31T00:00:00+01:00.")
    return micros(requested.to_pydatetime())


def _features_at(frame: pd.DataFrame) -> int | None:
    """The instant of the newest features, microseconds since 1970 UTC; None without the column."""
    if EVENT_TIMESTAMP not in frame or frame.empty:
        return None
    return micros(pd.to_datetime(frame[EVENT_TIMESTAMP], utc=True).max().to_pydatetime())


def _refuse_later_features(frame: pd.DataFrame, as_of: int) -> None:
    """Raise ValueError where the features know more than ``as_of``, so that ages would be negative."""
    instants = [frame[name].max() for name in frame if str(name).endswith("_at")]
    newest = max([_features_at(frame) or 0, *(int(value) for value in instants if not np.isnan(value))])
    if newest > as_of:
        raise ValueError(
            f"Found features of {instant(newest)} for an answer at {instant(as_of)}. Expected features from before it: "
            "give a later as_of, or keep the column event_timestamp."
        )


def _feature_rows(frame: pd.DataFrame, release: Release) -> FeatureRows:
    """The features of a data frame in the form of the online store."""
    n = len(frame)
    columns: dict[str, pa.Array] = {
        CUSTOMER_ID: pa.array(frame[CUSTOMER_ID] if CUSTOMER_ID in frame else np.arange(n).astype(str), pa.string()),
        FEATURES_AT: pa.array([instant(release.metadata.as_of)] * n, TIMESTAMP_TYPE),
    }
    for column in (column for view in release.views for column in view.columns):
        missing = column.is_list and column.name not in frame
        values = pd.Series([None] * n) if missing else frame[column.name]
        columns[column.name] = pa.Array.from_pandas(values, type=ARROW_TYPES[column.kind])
    return feature_rows(pa.table(columns), release.views)
