"""Campaigns for tests of economics: a small shop, a request, and experiments with results in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.arrays import Booleans
from features.calendar import micros, start_of_day
from serving.audiences.builder import build_audience
from serving.audiences.economics.assembly import EffectSources
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest
from serving.schemas.economics import Economics
from tests.serving.audiences.shop import FakeConsent, audience_context, table_consents
from tests.training.experiments.customers import FIRST_DAY, UTC_ZONE, results, units
from tests.training.experiments.records import experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ExperimentResults
from training.inference.uplift.evidence import UpliftEvidence

ENDS_ON = date(2027, 4, 12)


def economics_of(
    shop: Columns,
    economics: dict[str, Any],
    *,
    experiments: ExperimentFolder | None = None,
    uplift: UpliftEvidence | None = None,
    smallest_audience: int = 0,
    refused: Sequence[str] = (),
    **body: Any,  # noqa: ANN401 - any JSON
) -> Economics:
    """The economics of an audience of a shop."""
    answer = build_audience(
        AudienceRequest.model_validate({**body, "economics": economics}),
        shop,
        table_consents(FakeConsent(refused)),
        replace(audience_context(), effects=EffectSources(experiments, uplift)),
        "1",
        smallest_audience,
    ).answer
    assert answer.economics is not None
    return answer.economics


def add_expected_orders(home: Path, days: int = 90) -> None:
    """Give each customer of the scores table of a home one expected order."""
    path = home / "scores.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column(f"expected_orders_{days}d", pa.array([1.0] * len(table))), path)


def experiments_with(
    home: Path,
    stored: ExperimentResults | None,
    **fields: Any,  # noqa: ANN401 - any field of the record
) -> ExperimentFolder:
    """The experiments of a home: the one of two arms, with results."""
    folder, record = ExperimentFolder(home), experiment(**fields)
    folder.start(record, micros(start_of_day(FIRST_DAY, UTC_ZONE)), "ann")
    if stored is not None:
        folder.write_results(record.id, stored.model_dump(mode="json"))
    return folder


def results_of(outcome: Booleans, arm: Booleans, as_of: date = ENDS_ON, **fields: Any) -> ExperimentResults:  # noqa: ANN401
    """The results of the experiment, whose customers ordered or not, on its last day."""
    return results(experiment(**fields), units(outcome.astype(np.float64), arm.astype(np.int8)), as_of)


def clear_effect(as_of: date = ENDS_ON) -> ExperimentResults:
    """Of 1,000 customers in each arm, 200 order without the offer and 300 with it."""
    arm = np.repeat([False, True], 1_000)
    ordered = np.concatenate([np.arange(1_000) < 200, np.arange(1_000) < 300])
    return results_of(ordered, arm, as_of)
