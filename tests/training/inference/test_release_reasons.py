"""Release reasons: a release explains its answers from stored features and the requested instant."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.calendar import micros
from features.online.feature_rows import FeatureRows, RaggedList
from features.transformations.transactions import transactions_view
from tests.training.shops import FakeFeatureStore, cached_for_session, corner_shop, corner_tiers
from training.inference.explanations.reasons import Explainer, Reason
from training.inference.release import Release, write_release
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import GateResult, ReleaseManifest, ReleaseMetadata
from training.inference.serialization import serialize_tiered_model
from training.models import EXPLANATIONS

ANSWERS = tuple(EXPLANATIONS)
DAY_US = 86_400_000_000
METADATA = ReleaseMetadata(
    as_of=0, name="corner-shop", currency="EUR", timezone="UTC", churn_days=60, ltv_days=(30, 60, 365), lead_days=15,
    bands=(0.3, 0.7), max_feature_age_days=7, feature_service="release_v1", has_amounts=True,
)  # fmt: skip


def manifest(*sample: float) -> ReleaseManifest:
    """Return the manifest of a release of the corner shop's trees, with a churn sample of its population."""
    return ReleaseManifest(
        model_versions={"churn": "3", "next_purchase": "3", "ltv": "2"},
        metadata=replace(METADATA, as_of=now()),
        views=(transactions_view(corner_shop().history),),
        cards=[],
        tiered_model=serialize_tiered_model(corner_tiers()["average"].tiered_model, corner_shop().data.names),
        churn_sample=sample,
        gate=GateResult(passed=True, regressions=[], reasons={}, refutations=[], no_signal=[]),
    )


def release(tier: str = "average", *sample: float) -> Release:
    return Release("7", manifest(*sample), corner_tiers()[tier].tiered_model, explanations=EXPLANATIONS)


def now() -> int:
    return micros(corner_shop().now.timestamp)


@cached_for_session
def stored_features() -> FeatureRows:
    """Return the stored features of three customers today, and of an unknown one."""
    shop = corner_shop()
    customer_ids = shop.data.customers[shop.data.customers["position"] == len(shop.cutoffs) - 1][
        "customer_id"
    ].to_list()[:3]
    instants = [shop.now.timestamp] * len(customer_ids)
    stored = FakeFeatureStore(shop.history, shop.cutoffs[-1:]).as_of(
        pa.table({"customer_id": customer_ids, "event_timestamp": instants})
    )
    return FeatureRows(
        customer_ids=[*stored.customer_ids, "stranger"],
        known=np.append(stored.known, False),
        features_at=np.append(stored.features_at, 0),
        columns=stored.columns,
        matrix=np.concatenate([stored.matrix, np.full((1, len(stored.columns)), np.nan)]),
        lists={
            name: RaggedList(offsets=np.append(values.offsets, values.offsets[-1]), values=values.values)
            for name, values in stored.lists.items()
        },
    )


def reasons_of_model() -> list[list[Reason]]:
    """Return the reasons of the three customers directly from the tiered model."""
    today = corner_shop().population()
    inputs, orders = today.inputs[:3], np.nan_to_num(today.column("orders"))[:3]
    views = (transactions_view(corner_shop().history),)
    return Explainer(corner_tiers()["average"].tiered_model, today.names, views, "EUR", EXPLANATIONS).explain(
        inputs, orders, ANSWERS, 0.5
    )


def test_a_release_gives_the_reasons_of_its_tiered_model_and_none_of_an_unknown_customer() -> None:
    assert release("average", 0.2, 0.5, 0.9).reasons(stored_features(), now(), ANSWERS) == [*reasons_of_model(), []]


def test_only_the_answers_asked_for_are_explained() -> None:
    explained = release().reasons(stored_features(), now(), ("churn",))
    assert explained[:3] == [
        [reason for reason in reasons if reason.answer == "churn"] for reasons in reasons_of_model()
    ]


def test_a_customer_without_orders_is_compared_with_the_middle_of_the_population() -> None:
    new = replace(
        stored_features(),
        matrix=np.where(np.array(stored_features().columns) == "orders", 0.0, stored_features().matrix),
    )
    churn = 1 - release().forecast(new, now()).order_probability(60)[0]
    above, below = release("average", 0.0, churn - 0.01, 1.0), release("average", 0.0, churn + 0.01, 1.0)
    assert [reason.direction for reason in above.reasons(new, now(), ANSWERS)[0]] == ["raises", "later", "lowers"]
    assert [reason.direction for reason in below.reasons(new, now(), ANSWERS)[0]] == ["lowers", "sooner", "raises"]


def test_a_day_that_passes_changes_the_recency() -> None:
    def recency(as_of: int) -> float:
        return next(
            reason.value or 0.0
            for reason in release("btyd").reasons(stored_features(), as_of, ANSWERS)[0]
            if reason.code == "recency_days"
        )

    assert recency(now() + 30 * DAY_US) == pytest.approx(recency(now()) + 30)


def test_a_store_with_other_columns_gives_no_reasons() -> None:
    other = replace(stored_features(), columns=("basket", *stored_features().columns[1:]))
    with pytest.raises(CorruptRelease, match="the store holds basket"):
        release().reasons(other, now(), ANSWERS)


def test_reasons_take_numpy_alone(tmp_path: Path) -> None:
    write_release(tmp_path, manifest(0.5), corner_tiers()["average"].files)
    program = """
import sys
from pathlib import Path
from tests.training.constant_rows import constant_rows
from training.inference.release_manifest import GateResult, ReleaseManifest, ReleaseMetadata
from training.models import load_release

release = load_release(Path(sys.argv[1]))
answers = ("churn", "next_purchase", "ltv")
reasons = release.reasons(constant_rows(release.views, [0.0, 3.0]), 1_700_000_000_000_000, answers)
print([{reason.answer for reason in customer} == {"churn", "next_purchase", "ltv"} for customer in reasons])
print(sorted({"lightgbm", "pandas", "sklearn", "mlflow", "feast", "ibis", "duckdb", "pyarrow"} & set(sys.modules)))
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout == "[True, True]\n[]\n"
