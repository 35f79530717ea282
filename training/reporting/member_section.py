"""Member section of the model card: the weight of each member in the average, and its loss beside the average's."""

from __future__ import annotations

from collections.abc import Sequence

from training.evaluation.member_losses import QuestionLosses
from training.member import Target
from training.members import MEMBERS
from training.reporting.markdown_table import format_number, markdown_table

NOTE = (
    "Loss on customers left out of the fit, lower is better, and each member's weight. The weights were chosen on the "
    "same customers. Recency and frequency are regressions on that one number."
)
HEADINGS = {
    Target.ORDER: "order within {days} days, log loss",
    Target.ORDERS: "orders within {days} days, Poisson deviance",
}


def member_lines(questions: Sequence[QuestionLosses]) -> list[str]:
    """A table with a column per question; empty where the average does not answer."""
    if not questions:
        return []
    head = ["", "what it is", *(HEADINGS[question.target].format(days=question.days) for question in questions)]
    rows = [_row("average", "weighted average of the members", questions)]
    rows += [_row(name, member.summary, questions) for name, member in MEMBERS.items()]
    rows += [_row(name, "baseline", questions) for name in questions[0].baselines]
    return [NOTE, "", *markdown_table(head, rows)]


def _row(name: str, meaning: str, questions: Sequence[QuestionLosses]) -> list[str]:
    return [f"`{name}`", meaning, *(_cell(name, question) for question in questions)]


def _cell(name: str, question: QuestionLosses) -> str:
    losses = {"average": question.average, **question.members, **question.baselines}
    number, least = format_number(losses[name]), format_number(min(losses.values()))
    marked = f"**{number}**" if number == least else number
    return f"{marked}, weight {question.weights[name]:.2f}" if name in question.weights else marked
