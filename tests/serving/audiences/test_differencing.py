"""Differencing: no sequence of requests finds out the scores of customers who have said no, or lists a few members."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.audiences.builder import AudienceResult
from serving.audiences.disclosure import rounded_count
from serving.audiences.query.scores_table import Columns
from tests.serving.audiences.shop import TYPES, FakeConsent, count_audience, customers, small_table
from tests.serving.audiences.tables import columns

CUSTOMERS, SMALLEST = 40, 10
IDS = [f"{number:03d}" for number in range(CUSTOMERS)]
SECRET_SCORE = 0.384276728

conditions = st.one_of(
    st.builds(
        lambda column, bound, value: {"column": column, bound: value},
        st.sampled_from(["churn_probability", "ltv_90d_mean", "ltv_30d_mean"]),
        st.sampled_from(["at_least", "above", "at_most", "below", "equals", "not_equals"]),
        st.sampled_from([0.1, 0.25, SECRET_SCORE, 0.5, 3.0, 30.0, 999.0]),
    ),
    st.builds(
        lambda operator, values: {"column": "value_tier", operator: values},
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(["gold", "silver", "platinum", "tin"]), min_size=1, max_size=3),
    ),
    st.builds(lambda ids: {"column": "customer_id", "in": sorted(ids)}, st.sets(st.sampled_from(IDS), min_size=1)),
    st.builds(lambda name: {"column": "segments", "contains": name}, st.sampled_from(["weekend", "secret", "none"])),
    st.builds(lambda flag: {"column": "churn_probability", "is_null": flag}, st.booleans()),
)
filters = st.recursive(
    conditions,
    lambda nodes: st.one_of(
        st.builds(lambda node: {"not": node}, nodes),
        st.builds(
            lambda kind, parts: {kind: parts}, st.sampled_from(["all", "any"]), st.lists(nodes, min_size=1, max_size=3)
        ),
    ),
    max_leaves=4,
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "filter": filters,
        "order_by": st.builds(
            lambda column, descending: {"column": column, "descending": descending},
            st.sampled_from(["churn_probability", "ltv_90d_mean", "value_tier"]),
            st.booleans(),
        ),
        "limit": st.integers(1, CUSTOMERS),
        "holdout": st.just({"share": 0.3, "name": "autumn"}),
        "horizon_days": st.sampled_from([30, 60, 90]),
        "histogram": st.lists(
            st.sampled_from([{"column": "churn_probability", "bins": 5}, {"column": "ltv_90d_mean", "bins": 50}]),
            min_size=1,
            max_size=3,
        ),
        "funnel": st.booleans(),
        "economics": st.fixed_dictionaries(
            {"margin": st.just(0.3)},
            optional={
                "contact_cost": st.just(0.5),
                "offer_cost": st.just(2.0),
                "budget": st.sampled_from([3.0, 15.0, 60.0]),
                "assumed_uplift": st.just(0.1),
            },
        ),
    },
)


def with_other_scores(rows: list[dict[str, Any]], refused: set[str], seed: int) -> list[dict[str, Any]]:
    """The same table with other scores of those who have said no."""
    choice = random.Random(seed)  # noqa: S311 -- no secret
    others: dict[str, list[Any]] = {
        "churn_probability": [SECRET_SCORE, 0.0, 1.0, None], "value_tier": ["platinum", "gold", None],
        "ltv_30d_mean": [999.0, None], "ltv_90d_mean": [999.0, 0.0, None], "segments": [["secret"], None],
        "purchase_probability_30d": [0.9], "purchase_probability_60d": [0.1], "expected_orders_90d": [77.0],
    }  # fmt: skip
    return [
        row | {name: choice.choice(values) for name, values in others.items()} if row["customer_id"] in refused else row
        for row in rows
    ]


def seen_by_caller(result: AudienceResult) -> tuple[object, ...]:
    """All that a caller sees of an audience: the response, and the members if they are stored."""
    listed = None if result.answer.count is None else result.members().to_pylist()
    return result.answer.model_dump(), listed


@settings(max_examples=40)
@given(
    refused=st.sets(st.sampled_from(IDS[1:]), max_size=25),
    is_profiled=st.booleans(),
    body=bodies,
    smallest=st.sampled_from([0, SMALLEST]),
    seed=st.integers(0, 3),
)
def test_a_response_is_the_same_whatever_the_scores_of_those_who_have_said_no(
    refused: set[str], is_profiled: bool, body: dict[str, Any], smallest: int, seed: int
) -> None:
    rows = customers(CUSTOMERS)
    consent, profiling = FakeConsent(sorted(refused)), FakeConsent([] if is_profiled else sorted(refused))

    def observe(table_rows: list[dict[str, Any]]) -> tuple[object, ...]:
        with TemporaryDirectory() as folder:
            shop = columns(Path(folder), table_rows, TYPES)
            return seen_by_caller(count_audience(shop, consent, profiling, smallest_audience=smallest, **body))

    assert observe(rows) == observe(with_other_scores(rows, refused, seed))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    return small_table(tmp_path_factory.mktemp("shop"), CUSTOMERS)


def bisect(is_above: Callable[[float], bool]) -> float:
    """The attacker's search for a number between 0 and 1: thirty questions."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if is_above(middle) else (low, middle)
    return low


def questions(target: str) -> Iterator[tuple[str, Callable[[float], dict[str, Any]]]]:
    """Filters that single out one customer above a threshold, alone or among others."""

    def above(threshold: float) -> dict[str, Any]:
        return {"column": "churn_probability", "at_least": threshold}

    alone = {"column": "customer_id", "equals": target}
    nine = {"column": "customer_id", "in": IDS[:9]}
    yield "alone", lambda threshold: {"filter": {"all": [alone, above(threshold)]}}
    yield "beside nine", lambda threshold: {"filter": {"any": [nine, {"all": [alone, above(threshold)]}]}}
    yield "all but one", lambda threshold: {"filter": {"not": {"all": [alone, above(threshold)]}}}
    yield "first in order", lambda threshold: {
        "filter": {"any": [nine, above(threshold)]}, "order_by": {"column": "churn_probability"}, "limit": 10
    }  # fmt: skip


@pytest.mark.parametrize("name", ["alone", "beside nine", "all but one", "first in order"])
@pytest.mark.parametrize("is_profiled", [False, True])
@pytest.mark.parametrize("smallest", [0, SMALLEST])
def test_bisecting_finds_no_score_of_a_customer_who_has_said_no(name: str, is_profiled: bool, smallest: int) -> None:
    target = "017"
    consent, profiling = FakeConsent([target]), FakeConsent([] if is_profiled else [target])
    question = dict(questions(target))[name]

    def recover(score: float, folder: Path) -> dict[str, float]:
        rows = [
            row | ({"churn_probability": score} if row["customer_id"] == target else {}) for row in customers(CUSTOMERS)
        ]
        table = columns(folder, rows, TYPES)

        def ask(threshold: float) -> tuple[object, ...]:
            return seen_by_caller(
                count_audience(table, consent, profiling, smallest_audience=smallest, **question(threshold))
            )

        unlike = ask(0.0)
        return {"differs from the first": bisect(lambda threshold: ask(threshold) == unlike)}

    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        assert recover(SECRET_SCORE, Path(first)) == recover(0.9, Path(second))


def test_an_audience_of_nobody_looks_like_one_of_nine(shop: Columns) -> None:
    ids = {"column": "customer_id", "in": IDS[:9]}
    nobody = {"all": [ids, {"column": "churn_probability", "above": 1}]}
    nine, none = (count_audience(shop, smallest_audience=SMALLEST, filter=node).answer for node in (ids, nobody))
    assert nine == none
    assert (nine.count, nine.sample, nine.composition, nine.expected_conversions) == (None, [], {}, None)
    assert "fewer than 10 members, so it is neither counted, stored nor listed for this key" in nine.notes[0]
    assert (
        count_audience(shop, smallest_audience=SMALLEST, filter={"column": "customer_id", "in": IDS[:10]}).answer.count
        == 10
    )


def test_whether_one_customer_may_be_approached_is_in_no_note(shop: Columns) -> None:
    consent, node = FakeConsent(["005"]), {"column": "customer_id", "in": ["005", *IDS[10:20]]}
    answer = count_audience(shop, consent, smallest_audience=SMALLEST, filter=node).answer
    assert (answer.count, answer.notes) == (10, [])


def test_values_of_a_few_are_no_values(shop: Columns) -> None:
    node = {"any": [{"column": "value_tier", "in": ["silver", "tin"]}, {"column": "ltv_90d_mean", "equals": 30.5}]}
    (note,) = count_audience(shop, smallest_audience=SMALLEST, filter=node).answer.notes
    assert note == "Fewer than 10 customers with consent have 'tin' in value_tier; there are 'silver', 'gold'."


def test_the_count_of_those_who_have_said_no_is_of_all_customers_and_in_tens(shop: Columns) -> None:
    def count_excluded(refused: list[str], profiled: list[str] | None = None, **body: Any) -> int | None:  # noqa: ANN401
        consent, profiling = FakeConsent(refused), FakeConsent(profiled or [])
        return count_audience(shop, consent, profiling, **body).answer.excluded_by_consent

    assert [count_excluded(IDS[:number]) for number in (0, 9, 10, 19, 20)] == [None, None, 10, 10, 20]
    assert count_excluded(IDS[:20], profiled=IDS[:15]) is None
    assert count_excluded(IDS[:20], limit=3, order_by={"column": "churn_probability"}) == 20
    assert count_excluded(IDS[:20], filter={"column": "churn_probability", "at_least": 0}) is None


@given(count=st.integers(0, 10_000))
def test_a_count_is_never_told_to_the_unit(count: int) -> None:
    rounded = rounded_count(count)
    assert rounded is None if count < 10 else (rounded or 1) % 10 == 0 and 0 <= count - (rounded or 0) < 10
