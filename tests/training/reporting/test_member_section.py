"""Member section: each member's weight and loss beside the average's, the smallest loss in bold."""

from textwrap import dedent

from training.evaluation.member_losses import QuestionLosses
from training.member import Target
from training.members import MEMBERS
from training.reporting.member_section import NOTE, member_lines

WEIGHTS = dict.fromkeys(MEMBERS, 0.25)
CHURN = QuestionLosses(
    Target.ORDER,
    28,
    {**WEIGHTS, "btyd": 0.1},
    average=0.31,
    members={**dict.fromkeys(MEMBERS, 0.33), "small_trees": 0.309},
    baselines={"recency": 0.42, "frequency": 0.4},
)


def table(*questions: QuestionLosses) -> str:
    return "\n".join(member_lines(questions))


def test_every_member_has_a_row_with_its_weight_and_its_loss() -> None:
    assert table(CHURN) == dedent(f"""\
        {NOTE}

        |  | what it is | order within 28 days, log loss |
        | --- | --- | --- |
        | `average` | weighted average of the members | 0.310 |
        | `btyd` | {MEMBERS["btyd"].summary} | 0.330, weight 0.10 |
        | `full_regression` | {MEMBERS["full_regression"].summary} | 0.330, weight 0.25 |
        | `small_regression` | {MEMBERS["small_regression"].summary} | 0.330, weight 0.25 |
        | `small_trees` | {MEMBERS["small_trees"].summary} | **0.309**, weight 0.25 |
        | `recency` | baseline | 0.420 |
        | `frequency` | baseline | 0.400 |""")


def test_every_horizon_of_a_count_has_a_column() -> None:
    month, quarter = (
        QuestionLosses(Target.ORDERS, days, WEIGHTS, 1.0, dict.fromkeys(MEMBERS, 2.0), {"recency": 3.0})
        for days in (30, 90)
    )
    head, row = (line for line in table(month, quarter).splitlines() if "within" in line or "`average`" in line)
    assert head.endswith("| orders within 30 days, Poisson deviance | orders within 90 days, Poisson deviance |")
    assert row.endswith("| **1.000** | **1.000** |")


def test_a_model_that_the_average_does_not_answer_has_no_section() -> None:
    assert table() == ""
