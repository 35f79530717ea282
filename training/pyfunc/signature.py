"""Signature: what a release reads and returns as a function of a data frame, and an invented customer as an example."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from features.calendar import DAY_US
from features.views import CUSTOMER_ID, EVENT_TIMESTAMP, Column
from training.inference.answers.answer import Horizons
from training.inference.release_manifest import ReleaseManifest
from training.models import ANSWER_ORDER, PAGES
from training.pyfunc import loader
from training.registry.pyfunc_files import ANY, PyfuncSignature, SignatureColumn

_NUMBER = "double"  # of integers too, of which MLflow refuses a missing one
_OUTPUT_TYPES = {"number": "double", "integer": "integer", "day": "datetime", "text": "string"}


def pyfunc_signature(manifest: ReleaseManifest, models: Sequence[str]) -> PyfuncSignature:
    """The signature of these models of a release."""
    metadata = manifest.metadata
    horizons = Horizons(churn_days=metadata.churn_days, ltv_days=metadata.ltv_days)
    columns = [column for view in manifest.views for column in view.columns]
    names = tuple(name for name in ANSWER_ORDER if name in models)
    declared = [column for name in names for column in PAGES[name].answer.table_columns(horizons)]
    example = {CUSTOMER_ID: "example"} | {column.name: _example(column, metadata.as_of) for column in columns}
    return PyfuncSignature(
        loader_module=loader.__name__,
        models=names,
        inputs=(
            SignatureColumn(CUSTOMER_ID, "string", required=False),
            SignatureColumn(EVENT_TIMESTAMP, ANY, required=False),
            *(_input_column(column) for column in columns),
        ),
        outputs=tuple(SignatureColumn(column.name, _OUTPUT_TYPES[column.kind]) for column in declared),
        example=pd.DataFrame([example]),
    )


def _input_column(column: Column) -> SignatureColumn:
    """A list may be missing, for a customer who has nothing to list."""
    return SignatureColumn(column.name, ANY if column.is_list else _NUMBER, required=not column.is_list)


def _example(column: Column, as_of: int) -> float | list[float]:
    """A plausible value of a customer who does not exist: something each day of the last week, once."""
    if column.is_list:
        return []
    return float(as_of - 7 * DAY_US) if column.name.endswith("_at") else 1.0
