"""Topics by week: counts without ids, and without cells of too few customers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from training.feedback.measured_rates import read_rates, write_rates
from training.feedback.negative_share import negative_shares
from training.feedback.prevalence import ErrorRates
from training.feedback.text_form import Language
from training.feedback.topic_weeks import WEEKS, Cell, TopicWeeks, count_cells, monday

WEEK = date(2026, 11, 23)
RATES: dict[Language, ErrorRates] = {"zh": ErrorRates(900, 810, 900, 810), "en": ErrorRates(900, 720, 900, 720)}


def texts(*rows: tuple[str, date, str, set[str]], language: str = "zh") -> pa.Table:
    """Labels of texts: customer, day, sentiment and topics."""
    columns = {
        "customer_id": [row[0] for row in rows],
        "day_number": pa.array([(row[1] - date(1970, 1, 1)).days for row in rows], pa.int32()),
        "language": [language] * len(rows),
        "sentiment": [row[2] for row in rows],
        "positive": pa.array([{"positive": 0.9, "negative": 0.1}.get(row[2]) for row in rows], pa.float32()),
        **{topic: pa.array([topic in row[3] for row in rows]) for topic in ("product", "service", "emotion")},
    }
    return pa.table(columns)


def counts(cells: tuple[Cell, ...]) -> dict[tuple[str, str, str], tuple[int | None, int | None]]:
    return {
        (cell.week, cell.topic, cell.sentiment): (cell.texts, cell.customers)
        for cell in cells
        if cell.texts is not None
    }


def test_a_week_begins_on_monday_and_a_text_counts_for_each_of_its_topics() -> None:
    cells = count_cells(
        texts(
            ("ann", date(2026, 11, 23), "negative", {"product", "service"}),
            ("ann", date(2026, 11, 29), "negative", {"service"}),
            ("bob", date(2026, 11, 22), "positive", set()),
        ),
        WEEK,
        smallest=1,
    )
    assert counts(cells) == {
        ("2026-11-23", "all", "negative"): (2, 1),
        ("2026-11-23", "product", "negative"): (1, 1),
        ("2026-11-23", "service", "negative"): (2, 1),
        ("2026-11-16", "all", "positive"): (1, 1),
    }


def test_many_texts_of_few_customers_are_not_told_and_none_looks_the_same() -> None:
    rows = [("ann", WEEK, "negative", {"product"})] * 50
    cells = count_cells(texts(*rows), WEEK, smallest=2)
    assert counts(cells) == {}
    assert len(cells) == WEEKS * 13


def test_a_reader_may_be_told_less_than_the_file_has_and_never_more() -> None:
    cells = (Cell("2026-11-23", "all", "negative", 40, 12), Cell("2026-11-23", "all", "positive", 90, 60))
    share: dict[str, float | None] = {"observed": 0.5, "corrected": 0.5, "low": 0.4, "high": 0.6}
    weeks = TopicWeeks("2026-11-30", "digest", 10, [], cells, {"all": share, "product": share})
    assert weeks.suppressed_below(20).negative_shares == {"all": share, "product": None}
    assert counts(weeks.suppressed_below(20).cells) == {("2026-11-23", "all", "positive"): (90, 60)}
    assert weeks.suppressed_below(0) == weeks


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    weeks = TopicWeeks("2026-11-30", "digest", 10, [], (Cell("2026-11-23", "all", "negative", 40, 12),), {})
    weeks.write(tmp_path)
    assert TopicWeeks.read(tmp_path) == weeks
    whole = (tmp_path / "feedback_topics.json").read_text()
    for damaged in ("{", "[]", whole.replace("40", '"few"'), whole.replace("10", "null")):
        (tmp_path / "feedback_topics.json").write_text(damaged)
        assert TopicWeeks.read(tmp_path) is None


def test_the_negative_share_is_corrected_by_the_errors_of_each_language() -> None:
    rows = [(f"c{number}", WEEK, "negative" if number < 26 else "positive", {"product"}) for number in range(100)]
    chinese, english = (negative_shares(texts(*rows, language=each), RATES, 10) for each in ("zh", "en"))
    assert chinese["product"] is not None
    assert english["product"] is not None
    assert chinese["product"]["corrected"] == pytest.approx((0.26 - 0.1) / 0.8, abs=0.01)
    assert english["product"]["corrected"] == pytest.approx((0.26 - 0.2) / 0.6, abs=0.01)
    assert english["service"] is None
    assert negative_shares(texts(*rows), RATES, 101)["all"] is None


def test_a_share_is_given_as_counted_while_nobody_measured_the_errors() -> None:
    rows = [(f"c{number}", WEEK, "negative" if number < 26 else "positive", {"product"}) for number in range(100)]
    shares = negative_shares(texts(*rows), {"en": RATES["en"]}, 10)
    assert shares["product"] == {"observed": 0.26, "corrected": None, "low": None, "high": None}


def test_measured_rates_hold_for_the_classifier_that_they_were_measured_on(tmp_path: Path) -> None:
    write_rates(tmp_path, "digest", RATES)
    assert read_rates(tmp_path, "digest") == RATES
    assert read_rates(tmp_path, "another") == read_rates(tmp_path / "nothing", "digest") == {}


def test_the_monday_of_a_sunday_is_six_days_earlier() -> None:
    assert monday(date(2026, 11, 29)) == WEEK
