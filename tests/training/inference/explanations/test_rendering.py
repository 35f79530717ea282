# ruff: noqa: RUF001 -- Chinese uses its own punctuation
"""Rendering: every input has a phrase in both languages, without names from the code."""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

import numpy as np
import pytest

from features.transformations.engagement import engagement_view
from features.transformations.on_demand import input_names
from features.transformations.transactions import transactions_view
from features.views import View
from tests.training.shops import history, order_lines
from training.inference.explanations.phrases import CONCEPTS, INACTIVITY, Concept, Phrase
from training.inference.explanations.rendering import concepts_by_input, render_sentence

KINDS = (
    "store_visit",
    "app open",
    "active",
    "größe",
    "签到",
    "!",
    "{0}",
    "%s",
    "a.b[c]",
    "91d",
    "events",
    "Two\nlines",
)
OPTIONAL = ("discount", "quantity", "product_id", "category", "store_id", "channel")


@cache
def full_views() -> tuple[View, ...]:
    """Return the views of a shop that records everything, with event kinds named as shops name them."""
    lines = order_lines(["ann"], np.array([3.0]), np.array([9.0])).assign(**dict.fromkeys(OPTIONAL, 1.0))
    transactions = transactions_view(history(lines))
    return (transactions, engagement_view("behaviour", KINDS), engagement_view("social", KINDS))


@cache
def full_inputs() -> tuple[str, ...]:
    columns = tuple(name for view in full_views() for name in view.scalars)
    return input_names(columns, tuple(name for view in full_views() for name in view.lists))


@cache
def concepts() -> dict[str, Concept]:
    return concepts_by_input(full_views())


def render(name: str, number: float, currency: str = "GBP") -> tuple[str, str]:
    texts = render_sentence(concepts()[name], name, number, currency)
    return texts["en"], texts["zh"]


def test_a_shop_that_records_everything_has_many_inputs() -> None:
    assert {"discount", "quantity", "products", "categories", "stores", "channels"} < {*full_inputs()}
    assert sum(name.startswith(("behaviour", "social")) for name in full_inputs()) == 2 * (5 + len(KINDS))
    assert len({*full_inputs()}) == len(full_inputs())


@pytest.mark.parametrize("name", full_inputs())
def test_every_input_has_words_in_both_languages_and_no_code_in_them(name: str) -> None:
    for number in (-12.5, 0.0, 0.04, 1.0, 2.0, 4.26, 1234.5, 1e9, np.nan):
        english, chinese = render(name, number)
        assert re.match(r"[A-Z0-9“-]", english)
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        for text in (english, chinese):
            assert not re.search(r"nan|inf|None|\w_\w|\dd\b", text.replace("“91d”", "")), text
            assert not re.search(r"[{}]", text.replace("“{0}”", "")), text


@pytest.mark.parametrize("name", full_inputs())
def test_the_words_carry_the_number_in_both_languages(name: str) -> None:
    for text in render(name, 0.125 if name == "orders_per_day" else 0.07 if "_over_91d" in name else 7.0):
        assert re.search(r"(?<!\d)(7|8)(?!\d)", text), text


def test_both_languages_ask_for_the_same_windows() -> None:
    for concept in CONCEPTS:
        for phrase in concept.phrases.values():
            english, chinese = (re.findall(r"\d+", re.sub(r"9 in 10", "", text)) for text in (phrase.en, phrase.zh))
            assert sorted(english) == sorted(chinese)


def test_an_input_stands_under_one_concept_and_says_something_of_its_own() -> None:
    names = [name for concept in CONCEPTS for name in concept.phrases]
    phrases = [
        phrase
        for concept in {id(concept): concept for concept in concepts().values()}.values()
        for phrase in concept.phrases.values()
    ]
    assert len(names) == len({*names})
    assert len({phrase.en for phrase in phrases}) == len(phrases) - len(KINDS)  # the kinds are named alike in two views
    assert all(concept.name.en and concept.name.zh for concept in concepts().values())


def test_there_are_no_words_for_what_no_shop_records() -> None:
    assert {*concepts()} - {*full_inputs()} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_event_is_called_what_the_shop_calls_it(kind: str) -> None:
    (name,) = (
        column.name for column in full_views()[1].columns if column.meaning == f"events of kind {kind} in 91 days"
    )
    english, chinese = render(name, 3.0)
    label = kind.replace("_", " ")
    assert english == f"“{label}”: 3 events in the last 91 days"
    assert chinese == f"近 91 天“{label}”3 次"
    assert render(name, np.nan)[0] == f"Nothing known yet: “{label}”"


def test_a_kind_called_like_a_column_is_not_taken_for_it() -> None:
    assert render("behaviour_active_91d", 3.0)[0] == "Shop and app interactions on 3 days of the last 91"
    assert render("behaviour_active_2_91d", 3.0)[0] == "“active”: 3 events in the last 91 days"


@pytest.mark.parametrize(
    ("name", "number", "english", "chinese"),
    [
        ("recency_days", 1.0, "Last order 1 day ago", "距上次下单 1 天"),
        ("recency_days", 0.02, "Last order 0 days ago", "距上次下单 0 天"),
        ("orders_28d", 0.0, "No orders in the last 28 days", "近 28 天下单 0 次"),
        ("orders_28d", 1.0, "1 order in the last 28 days", "近 28 天下单 1 次"),
        ("categories", 1.0, "1 different category bought so far", "累计买过 1 个品类"),
        ("spend_91d", 1234.5, "1,234.50 GBP spent in the last 91 days", "近 91 天消费 1,234.50 GBP"),
        ("spend_91d", -0.001, "0.00 GBP spent in the last 91 days", "近 91 天消费 0.00 GBP"),
        ("orders_per_day", 0.0401, "One order every 25 days on average", "平均每 25 天下单一次"),
        ("orders_per_day", 1.0, "One order every 1 day on average", "平均每 1 天下单一次"),
        ("median_gap_days", 9.96, "Usually 10 days between orders", "通常每隔 10 天下单"),
        ("behaviour_recency_days", 3.2, "Last shop and app interaction 3.2 days ago", "距上次到店与应用互动 3.2 天"),
        ("social_28d", 0.0, "No social interactions in the last 28 days", "近 28 天社交互动 0 次"),
        ("median_gap_days", np.nan, "Nothing known yet: gaps between orders", "暂无数据：购买间隔"),
    ],
)  # fmt: skip
def test_how_a_number_is_rendered(name: str, number: float, english: str, chinese: str) -> None:
    assert render(name, number) == (english, chinese)


def test_recency_is_given_in_the_customers_own_gaps() -> None:
    english, chinese = render("recency_over_median_gap", 4.2)
    assert english == "Silent for 4.2 times the usual gap between orders"
    assert chinese == "沉默时间已是平时购买间隔的 4.2 倍"


def test_the_phrases_ask_for_nothing_but_figures_and_english_nouns() -> None:
    figures = {"number", "money", "share", "days", "interval", "days apart"}
    for concept in CONCEPTS:
        for phrase in concept.phrases.values():
            fields = {field for _, field, _, _ in Formatter().parse(phrase.zh) if field}
            assert fields <= {"number", "money", "share", "interval"}
            nouns = {field for _, field, _, _ in Formatter().parse(phrase.en) if field} - figures
            assert all(noun.endswith("s") for noun in nouns)


def test_a_view_that_says_nothing_of_kinds_adds_no_words() -> None:
    assert concepts_by_input(())["recency_days"] is INACTIVITY
    assert all(isinstance(concept.name, Phrase) for concept in concepts_by_input(()).values())
