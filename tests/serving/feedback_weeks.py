"""Counts of feedback for tests: two weeks of topics, as the nightly job writes them."""

from __future__ import annotations

from pathlib import Path

from training.feedback.topic_weeks import Cell, TopicWeeks

UNCORRECTED: dict[str, float | None] = {"observed": 0.31, "corrected": None, "low": None, "high": None}
SHARE: dict[str, float | None] = {"observed": 0.31, "corrected": 0.27, "low": 0.22, "high": 0.32}


def write_weeks(home: Path) -> TopicWeeks:
    """Write counts in which service is the largest topic of negative texts, and product has one small week."""
    evidence = [
        {"language": "zh", "sentiment": "public_reviews", "accuracy": 0.9069, "labels": 3846,
         "topics_from_words": ["product", "service", "emotion"]},
        {"language": "en", "sentiment": "shop_labels", "accuracy": 0.84, "labels": 210, "topics_from_words": []},
    ]  # fmt: skip
    cells = (
        Cell("2026-11-09", "all", "negative", 90, 60),
        Cell("2026-11-09", "service", "negative", 40, 30),
        Cell("2026-11-09", "product", "negative", None, None),
        Cell("2026-11-16", "all", "negative", 70, 50),
        Cell("2026-11-16", "service", "negative", 20, 15),
        Cell("2026-11-16", "product", "negative", 12, 11),
        Cell("2026-11-16", "product", "positive", 25, 14),
    )
    shares: dict[str, dict[str, float | None] | None] = {"all": SHARE, "service": UNCORRECTED, "product": None}
    weeks = TopicWeeks("2026-11-21", "digest", 10, evidence, cells, shares)
    weeks.write(home)
    return weeks
