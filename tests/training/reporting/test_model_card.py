"""Model card: its text, in which losses are as plain as wins."""

from dataclasses import replace
from datetime import date
from math import nan
from textwrap import dedent

from features.plausibility_note import PlausibilityNote
from training.evaluation.churn_rules import Difference, RuleResult
from training.evaluation.member_losses import QuestionLosses
from training.evaluation.quality_gate import GateDecision
from training.member import Target
from training.members import MEMBERS
from training.reporting.metric_comparison import MetricComparison
from training.reporting.model_card import Calibration, IntervalCoverage, ModelCard, PopulationSlice, render_model_card

AUGUST, SEPTEMBER = date(2017, 8, 1), date(2017, 9, 1)
CARD = ModelCard(
    name="churn",
    question="Will this customer place no order within the horizon?",
    horizon="28 days",
    gate=GateDecision("churn", "average", "tested at 2 origins, refuted by none"),
    tested_tier="average",
    use="Choosing whom a retention campaign approaches, and how many customers to expect to lose.",
    population="every known customer with an order",
    customers=2469,
    trained_from=date(2017, 4, 1),
    trained_to=SEPTEMBER,
    known_until=date(2017, 10, 1),
    data_name="transactions",
    data_digest="ab12",
    data_rows=14_800,
    feature_service="churn_v1",
    features=["recency_days", "orders_91d"],
    scores=[
        MetricComparison(origin=AUGUST, metric="AUC", model=0.869, baselines={"recency": 0.787, "BG/NBD": 0.845}),
        MetricComparison(origin=SEPTEMBER, metric="AUC", model=0.861, baselines={"recency": 0.79, "BG/NBD": 0.8612}),
        MetricComparison(
            origin=SEPTEMBER, metric="Brier", model=0.11, baselines={"BG/NBD": 0.1}, higher_is_better=False
        ),
    ],
    calibration=Calibration(ece=0.011, bias=-0.021),
    coverage=[IntervalCoverage(slice="everyone", nominal=0.8, observed=0.813, customers=2469)],
    slices=[
        PopulationSlice(name="newcomers", customers=212, metric="AUC", value=0.71, overall=0.869),
        PopulationSlice(name="big spenders", customers=247, metric="AUC", value=0.9, overall=0.869),
    ],
    limits=["Not for credit."],
)


def test_a_card_says_what_the_model_is_for_how_good_it_is_and_where_it_is_weak() -> None:
    assert render_model_card(CARD) == dedent("""\
        # churn: Will this customer place no order within the horizon?

        **Use.** Choosing whom a retention campaign approaches, and how many customers to expect to lose.

        **Horizon.** 28 days, answered from the tier `average`.
        **Scored.** 2,469 customers: every known customer with an order.

        ## What the test says

        - Tested at 2 origins, refuted by none.

        ## How good it is

        Against the best baseline, at origins the model had not seen: 1 win, 1 tie, 1 loss.

        | origin | metric | model | recency | BG/NBD | result |
        | --- | --- | --- | --- | --- | --- |
        | 2017-08-01 | AUC ↑ | **0.869** | 0.787 | 0.845 | win |
        | 2017-09-01 | AUC ↑ | **0.861** | 0.790 | 0.861 | tie with BG/NBD |
        | 2017-09-01 | Brier ↓ | **0.110** | n/a | 0.100 | loss to BG/NBD |

        ## Calibration

        - Probabilities are 1.1 points off on average (ECE).
        - The predicted total is 2.1% below the actual one.

        ## Intervals

        | customers | number | promised | inside |
        | --- | --- | --- | --- |
        | everyone | 2,469 | 80% | 81.3% |

        ## Where it is weak

        | customers | number | metric | here | everyone |  |
        | --- | --- | --- | --- | --- | --- |
        | newcomers | 212 | AUC | 0.710 | 0.869 | weaker |
        | big spenders | 247 | AUC | 0.900 | 0.869 |  |

        ## Limits and ethical considerations

        - Not for credit.

        ## Data

        - `transactions`, 14,800 rows, sha256 `ab12`
        - Origins from 2017-04-01 to 2017-09-01; outcomes known before 2017-10-01.

        ## Refresh

        Retrain weekly; score nightly. Older than the longest horizon, it must not be used.

        ## Features

        2 from `churn_v1`: recency_days, orders_91d.
    """)


def verdict(decision: GateDecision, tested_tier: str = "average") -> list[str]:
    card = render_model_card(replace(CARD, gate=decision, tested_tier=tested_tier))
    section = card.split("## What the test says\n\n")[1].split("\n\n##")[0]
    return section.splitlines()


def test_every_refutation_is_on_the_card_with_the_tier_that_answers_instead() -> None:
    sentences = ("it predicted 100 orders, and 2,000 came", "it ranked customers the wrong way round")
    assert verdict(GateDecision("churn", "last_window", "; ".join(sentences), sentences)) == [
        "- Refuted by the newest test origin: it predicted 100 orders, and 2,000 came.",
        "- Refuted by the newest test origin: it ranked customers the wrong way round.",
        "- `last_window` answers until a release stands the test. The figures at the origins are those of `average`.",
    ]


def test_a_model_that_ranks_nobody_is_called_so_refuted_or_not() -> None:
    reason = "tested at 3 origins, refuted by none; nobody is ranked: the log holds no signal"
    assert verdict(GateDecision("churn", "average", reason, ranks=False)) == [f"- T{reason[1:]}."]
    assert verdict(GateDecision("churn", "average", "", ("it is off",), ranks=False))[1:] == [
        "- It ranks nobody: the log holds no signal that tells customers apart."
    ]


def test_the_members_of_the_average_are_on_the_card_where_the_average_answers() -> None:
    assert "## Members of the average" not in render_model_card(CARD)
    losses = QuestionLosses(Target.ORDER, 28, dict.fromkeys(MEMBERS, 0.25), 0.3, dict.fromkeys(MEMBERS, 0.4), {})
    section = render_model_card(replace(CARD, members=[losses])).split("## Members of the average\n\n")[1]
    assert "| `average` | weighted average of the members | **0.300** |" in section.split("\n\n##")[0]


def result(model: float, *, higher_is_better: bool = True, **baselines: float) -> str:
    score = MetricComparison(
        origin=AUGUST, metric="m", model=model, baselines=baselines, higher_is_better=higher_is_better
    )
    (row,) = (
        line
        for line in render_model_card(replace(CARD, scores=[score])).splitlines()
        if line.startswith("| 2017-08-01")
    )
    return row.split(" | ")[-1].removesuffix(" |")


def test_one_better_baseline_is_a_loss_whatever_else_was_beaten() -> None:
    assert result(0.8, recency=0.7, btyd=0.9) == "loss to btyd"
    assert result(5.0, recency=4.0, btyd=6.0, higher_is_better=False) == "loss to recency"


def test_a_difference_that_is_not_printed_is_not_claimed() -> None:
    assert result(0.8004, recency=0.7996) == "tie with recency"


def test_what_could_not_be_measured_is_neither_won_nor_lost() -> None:
    assert result(nan, recency=0.7) == "n/a"
    assert result(0.8, recency=nan) == "n/a"
    assert result(0.8) == "n/a"


def test_large_amounts_are_printed_without_decimals() -> None:
    assert "| **12,346** | 999 |" in render_model_card(
        replace(CARD, scores=[MetricComparison(origin=AUGUST, metric="RMSE", model=12345.6, baselines={"mean": 999.1})])
    )


def test_a_shop_without_a_finished_window_is_told_that_nothing_was_judged() -> None:
    card = render_model_card(replace(CARD, scores=[], calibration=Calibration(), coverage=[], slices=[]))
    assert "Not judged: no past origin has a finished window." in card
    assert "## Calibration" not in card
    assert "## Intervals" not in card


def test_the_rules_in_use_are_told_beside_the_model_and_only_where_there_are_any() -> None:
    assert "Beside the rules in use" not in render_model_card(CARD)
    rule = RuleResult(
        rule="3 | days", origin=AUGUST, horizon_days=28, customers=2446, churned=441, flagged=1634, share=0.668,
        precision=0.2436, recall=0.9025, f1=0.3836, tier="average", model_precision=0.2662, model_recall=nan,
        precision_gain=Difference(0.0226, 0.0149, 0.0319), recall_gain=Difference(nan, nan, nan),
    )  # fmt: skip
    card = render_model_card(
        replace(CARD, rules=[rule, replace(rule, origin=None, precision_gain=Difference(nan, nan, nan))])
    )
    _, section = card.split("## Beside the rules in use\n\n")
    assert section.startswith(
        dedent("""\
        Whom the business would call lapsed, and as many of the same customers by the model; better in precision.

        | rule | origin | flags | precision | recall | model's precision | model's recall | better by, 95 % |
        | --- | --- | --- | --- | --- | --- | --- | --- |
        | 3 \\| days | 2017-08-01 | 66.8% | 24.4% | 90.2% | 26.6% | n/a | +1.5 to +3.2 |
        | 3 \\| days | all | 66.8% | 24.4% | 90.2% | 26.6% | n/a | n/a to n/a |

        ## Calibration
    """)
    )


def test_an_amount_is_calibrated_in_tenths_of_customers() -> None:
    card = render_model_card(replace(CARD, calibration=Calibration(decile_mape=0.034, bias=0.012)))
    assert "- Tenths of customers by prediction are 3.4% off on average." in card
    assert "- The predicted total is 1.2% above the actual one." in card


def test_totals_stand_with_the_calibration() -> None:
    line = "- Total buyers within 30 days, actual over predicted: +20.0% (2026-03-01)."
    assert line in render_model_card(replace(CARD, totals=[line])).split("## Calibration")[1].split("##")[0]


def test_what_looks_implausible_in_the_log_is_on_the_card() -> None:
    note = PlausibilityNote("log_gap", "warning", "There is no order line in May", "lines", "Add the export", 31)
    assert "- warning: log_gap: There is no order line in May. Expected lines. Add the export." in render_model_card(
        replace(CARD, plausibility=[note])
    )
    assert "implausible" not in render_model_card(CARD)
