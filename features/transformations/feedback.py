"""Feedback features: what a customer wrote, counted by sentiment and topic per cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from features.config.text_labels import TOPICS
from features.errors import NotFound
from features.history import Cutoff, History, cutoff_table, known_at
from features.views import Column, Kind, View

WINDOW_DAYS = (28, 91)

FEEDBACK = View(
    "feedback",
    (
        Column("feedback_texts", Kind.FLOAT, "texts so far"),
        Column("feedback_last_at", Kind.INTEGER, "last text, microseconds since 1970 UTC"),
        *(Column(f"feedback_{days}d", Kind.FLOAT, f"texts in {days} days") for days in WINDOW_DAYS),
        *(
            Column(f"feedback_{sentiment}_{days}d", Kind.FLOAT, f"{sentiment} texts in {days} days")
            for sentiment in ("positive", "negative")
            for days in WINDOW_DAYS
        ),
        *(Column(f"feedback_{topic}_91d", Kind.FLOAT, f"texts on the topic {topic} in 91 days") for topic in TOPICS),
    ),
)


def feedback(history: History, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """One row per customer and cutoff, for customers with a text that was known before the cutoff.

    Raises:
        NotFound: no texts were ingested.
    """
    if history.feedback is None:
        raise NotFound("The history has no texts to count: run `flywheel ingest` first.")
    texts = history.feedback.mutate(known_at=known_at(history.feedback, "happened_at"))
    when = cutoff_table(cutoffs)
    known = texts.join(when, texts.known_at < when.cutoff)
    age = known.cutoff_day - known.day_number
    counts = {f"feedback_{days}d": (age <= days).sum() for days in WINDOW_DAYS}
    counts |= {
        f"feedback_{sentiment}_{days}d": ((age <= days) & (known.sentiment == sentiment)).sum()
        for sentiment in ("positive", "negative")
        for days in WINDOW_DAYS
    }
    counts |= {f"feedback_{topic}_91d": ((age <= 91) & known[topic].fill_null(False)).sum() for topic in TOPICS}  # noqa: FBT003 -- a value
    table = known.group_by("customer_id", "cutoff").aggregate(
        feedback_texts=known.count().cast("float64"),
        feedback_last_at=known.at_us.max(),
        **{name: count.cast("float64") for name, count in counts.items()},
    )
    names = [column.name for column in FEEDBACK.columns]
    return table.select("customer_id", table.cutoff.name("event_timestamp"), *names)
