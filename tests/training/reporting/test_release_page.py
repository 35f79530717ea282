"""Release page: the verdict comes first, in counts; what cannot be compared says why."""

from dataclasses import replace
from datetime import date

import numpy as np

from training.evaluation.band_changes import band_changes
from training.evaluation.drift import FeatureDrift
from training.evaluation.flagged import FlaggedCustomers
from training.evaluation.paired_comparison import PairedComparison
from training.registry.versions import MAX_DESCRIPTION_LENGTH
from training.reporting.release_page import Drift, QuestionResult, ReleasePage, median, render_release_page

FLAGGED = FlaggedCustomers(
    origin=date(2024, 7, 26), days=60, customers=256, churned=99, flagged=80,
    hits={"this release": 68.0, "longest without an order": 60.0, "your rule “30 days”": 56.8},
)  # fmt: skip
CHURN = QuestionResult(
    name="churn", version="2", metric="auc", higher_is_better=True, release=0.911, champion=0.94,
    baseline="btyd", baseline_value=0.909,
    comparison=PairedComparison("churn", "the champion", 0.2, 0.1, 0.1, 0.05, 0.14, 256),
)  # fmt: skip
PAGE = ReleasePage(
    version="2",
    champion="1",
    passed=True,
    reasons=["`churn` average: tested at 3 origins, refuted by none"],
    questions=[CHURN],
    reference="release 1, on 2 origins after its training.",
    flagged=[FLAGGED],
    totals=["At 2024-07-26 155 buyers were predicted within 60 days, 157 came."],
    bands=band_changes(np.array([0.1, 0.1, 0.9]), np.array([0.4, 0.1, 0.9]), (0.3, 0.7), (0.3, 0.7)),
    without_bands="",
    drift=Drift(
        since="2024-08-25, the champion's training", customers_then=316, customers_now=369,
        features=[FeatureDrift("recency_days", 0.31, 12.0, 30.0), FeatureDrift("orders", 0.12, 4.0, 5.0)],
    ),
    data=["From 2024-01-08 to 2024-09-23."],
    figures={"Whose band changes": "get-artifact?path=figures/band_changes.png&run_uuid=ab"},
)  # fmt: skip


def test_the_first_line_is_the_verdict_in_counts_without_markup() -> None:
    first = render_release_page(PAGE).splitlines()[0]
    assert first == (
        "May be promoted: of 100 flagged, 85 left (longest without an order: 75, your rule “30 days”: 71)."
    )


def test_the_page_has_what_a_decision_needs() -> None:
    text = render_release_page(PAGE)
    for sentence in (
        "Release 1 served when this one was trained. The gate has nothing against it:",
        "flywheel promote --version 2\n",
        "| [churn](#/models/churn/versions/2) | auc ↑ | **0.911** | 0.940 | 0.909 (btyd) |",
        "| -50.0% (-70.0% to -25.0%) | better |",
        "Reference of the last columns: release 1, on 2 origins after its training.",
        "1 of today's 3 customers (33.3%): **1** low → medium.",
        "| `recency_days` | 0.31 | 12.000 | 30.000 | shifted |",
        "| `orders` | 0.12 | 4.000 | 5.000 | worth a look |",
        "![Whose band changes](get-artifact?path=figures/band_changes.png&run_uuid=ab)",
        "155 buyers were predicted within 60 days, 157 came.",
    ):
        assert sentence in text


def test_a_rejected_release_says_why_and_what_force_takes() -> None:
    rejected = replace(PAGE, passed=False, reasons=["refuted: churn: it predicted 90 buyers, and 9 came"])
    text = render_release_page(rejected)
    assert text.startswith("Rejected by the gate: of 100 flagged, 85 left")
    assert "- refuted: churn: it predicted 90 buyers, and 9 came." in text
    assert "flywheel promote --version 2 --force --why REASON" in text


def test_a_first_release_without_any_test_is_a_page_too() -> None:
    first = replace(
        PAGE, champion=None, bands=None, without_bands="Nobody has a band yet: no release serves.", flagged=[],
        drift=None, totals=[], questions=[replace(CHURN, champion=None, comparison=None)],
    )  # fmt: skip
    text = render_release_page(first)
    assert text.startswith("May be promoted: `churn` average: tested at 3 origins, refuted by none.")
    assert "No release served when this one was trained." in text
    assert "| none | 0.909 (btyd) | n/a |  |" in text
    assert "## What drifted" not in text


def test_the_page_of_many_rules_and_drifts_fits_into_mlflows_description() -> None:
    drift = Drift(
        since="2024-08-25", customers_then=1, customers_now=1,
        features=[FeatureDrift(f"behaviour_store_visit_{day}d", 0.5, 1.0, 2.0) for day in range(40)],
    )  # fmt: skip
    full = replace(PAGE, flagged=[FLAGGED] * 4, drift=drift, questions=[CHURN] * 3, figures={"a": "b" * 100})
    text = render_release_page(full)
    assert len(text) < MAX_DESCRIPTION_LENGTH
    assert "; 34 more." in text


def test_the_median_is_of_the_finite_values() -> None:
    assert median([3.0, float("nan"), 1.0]) == 2.0
    assert np.isnan(median([]))
