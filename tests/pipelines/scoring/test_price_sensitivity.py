"""Price sensitivity from an experiment: what a paid offer changes, where there was one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from pipelines.scoring.price_sensitivity import price_sensitivity_columns, teaches_price_sensitivity
from training.inference.uplift.evidence import Interval, UpliftEvidence
from training.segments.preferences import COLUMN_FAMILIES

EVIDENCE = UpliftEvidence(
    experiment_id="coupon", arm="ten-percent", control="none", cost=1.0, outcome="order_28d", within_days=28,
    customers=4_000, policy="boosted_t", reason=None, detail="", average_effect=Interval(0.05, 0.03, 0.07),
    qini=Interval(40.0, 20.0, 60.0), candidates={},
)  # fmt: skip
SCORES = pa.table({"uplift": [0.3, 0.05, -0.1], "uplift_low": [0.2, 0.0, -0.2], "uplift_high": [0.4, 0.1, 0.0]})


def columns() -> dict[str, list[object]]:
    return {name: column.to_pylist() for name, column in price_sensitivity_columns(EVIDENCE, SCORES).items()}


def test_it_is_the_uplift_of_the_offer_and_never_negative() -> None:
    assert columns()["price_sensitivity"] == [0.3, 0.05, 0.0]
    assert columns()["price_sensitivity_evidence"] == ["experiment"] * 3


def test_its_interval_is_the_80_percent_one() -> None:
    half = 0.1 * 1.2816 / 1.96
    assert columns()["price_sensitivity_p10"][0] == pytest.approx(0.3 - half, abs=1e-5)
    assert columns()["price_sensitivity_p90"][0] == pytest.approx(0.3 + half, abs=1e-5)
    assert columns()["price_sensitivity_p10"][2] == 0.0


def test_price_sensitive_are_those_who_are_surely_moved_more_than_the_average() -> None:
    assert columns()["preset_segment_price_sensitive"] == [True, False, False]


def test_the_columns_are_declared_ones_of_the_same_types() -> None:
    declared = {column.name: column.type for column in COLUMN_FAMILIES["price"]}
    for name, column in price_sensitivity_columns(EVIDENCE, SCORES).items():
        assert declared[name] == column.type


@pytest.mark.parametrize(
    "other",
    [{"cost": 0.0}, {"outcome": "spend_28d"}, {"policy": "everybody"}, {"policy": None}],
    ids=["costs nothing", "an amount", "ranks nobody", "nothing is clear"],
)
def test_other_experiments_teach_no_price_sensitivity(other: dict[str, Any]) -> None:
    assert teaches_price_sensitivity(EVIDENCE)
    assert not teaches_price_sensitivity(replace(EVIDENCE, **other))
    assert not teaches_price_sensitivity(None)
