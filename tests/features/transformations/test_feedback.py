"""Feedback features: texts of a customer by sentiment and topic, as they were known at a cutoff."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import ibis
import pyarrow as pa
import pytest

from features.calendar import day_number, micros
from features.errors import NotFound
from features.history import History
from features.transformations.feature_tables import feature_views
from features.transformations.feedback import FEEDBACK, feedback
from tests.logs import INSTANT, cutoff, history_of

ORDER = ("ann", "2026-01-01", 5)


def history_with(*texts: tuple[str, str, str, str], recorded_at: str | None = None) -> History:
    """A history with texts: customer, wall clock, sentiment and topic."""
    at = [datetime.fromisoformat(text[1]).replace(tzinfo=UTC) for text in texts]
    columns = {
        "customer_id": [text[0] for text in texts],
        "happened_at": pa.array(at, INSTANT),
        "at_us": [micros(instant) for instant in at],
        "day_number": pa.array([day_number(instant.date()) for instant in at], pa.int32()),
        "sentiment": [text[2] for text in texts],
        **{topic: [text[3] == topic for text in texts] for topic in ("product", "service", "emotion")},
    }
    if recorded_at is not None:
        recorded = datetime.fromisoformat(recorded_at).replace(tzinfo=UTC)
        columns["recorded_at"] = pa.array([recorded] * len(texts), INSTANT)
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone='UTC'")
    return replace(history_of(ORDER), feedback=connection.create_table("feedback", ibis.memtable(pa.table(columns))))


def features_of(history: History, day: str) -> dict[str, dict[str, object]]:
    rows = feedback(history, [cutoff("2026-01-01"), cutoff(day)]).to_pyarrow().to_pylist()
    return {row["customer_id"]: row for row in rows if row["event_timestamp"] == cutoff(day).timestamp}


def test_texts_are_counted_by_sentiment_and_topic_in_windows_that_end_at_the_cutoff() -> None:
    history = history_with(
        ("ann", "2025-12-01 10:00", "negative", "service"),  # 130 days before
        ("ann", "2026-03-12 10:00", "negative", "product"),  # 29 days before
        ("ann", "2026-03-13 10:00", "positive", "service"),  # 28 days before
        ("ann", "2026-04-09 23:59", "unsure", ""),
        ("ann", "2026-04-10 00:00", "negative", "product"),  # the cutoff itself
    )
    ann = features_of(history, "2026-04-10")["ann"]
    assert (ann["feedback_texts"], ann["feedback_28d"], ann["feedback_91d"]) == (4.0, 2.0, 3.0)
    assert (ann["feedback_negative_28d"], ann["feedback_negative_91d"]) == (0.0, 1.0)
    assert (ann["feedback_positive_28d"], ann["feedback_service_91d"], ann["feedback_product_91d"]) == (1.0, 1.0, 1.0)


def test_a_text_that_became_known_later_is_not_known_before() -> None:
    history = history_with(("ann", "2026-03-01", "negative", "service"), recorded_at="2026-04-12")
    assert features_of(history, "2026-04-10") == {}
    assert set(features_of(history, "2026-04-13")) == {"ann"}


def test_the_history_before_a_cutoff_and_without_a_customer_has_only_the_texts_that_remain() -> None:
    history = history_with(("ann", "2026-03-01", "negative", ""), ("bob", "2026-05-01", "positive", ""))
    before, without = history.before(cutoff("2026-04-01")), history.without_customers(["ann"])
    assert before.feedback is not None
    assert without.feedback is not None
    assert before.feedback.customer_id.to_pyarrow().to_pylist() == ["ann"]
    assert without.feedback.customer_id.to_pyarrow().to_pylist() == ["bob"]


def test_only_a_shop_with_texts_has_the_view() -> None:
    assert FEEDBACK not in feature_views(history_of(ORDER), None)
    assert FEEDBACK in feature_views(history_with(("ann", "2026-03-01", "negative", "")), None)
    with pytest.raises(NotFound, match="The history has no texts to count: run `flywheel ingest` first"):
        feedback(history_of(ORDER), [cutoff("2026-04-01")])
