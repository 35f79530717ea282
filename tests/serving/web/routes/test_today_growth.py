"""The north star on Today: the number, its line, what moved it, and LTV to CAC, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.schemas.growth import FigureResponse, GrowthResponse, LocalisedText, RestatementResponse
from tests.serving.api.growth_answers import cohort, growth_answer, week, write_answer
from tests.serving.fakes import FakeRelease, Shop

NOTE = LocalisedText(en="Another number.", zh="另一个数字。")
TOO_EARLY = FigureResponse(status="not_mature", detail="Found 30 days; expected 90.")


def today_text(home: Path, answer: GrowthResponse | None, language: str, scope: KeyScope = KeyScope.VIEW) -> str:
    """The text of the section on the page Today, for a key of a scope."""
    if answer is not None:
        write_answer(home, answer)
    store, shop = KeyStore.for_home(home), Shop.of(FakeRelease(), home=home)
    key, _ = store.create("key", [scope], datetime(2026, 11, 2, tzinfo=UTC))
    worker = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log)))
    worker.growth_loader.poll()
    with TestClient(create_app(lambda: worker)) as client:
        client.post("/app/sign-in", data={"key": key})
        page = client.get(f"/app/?lang={language}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    section = re.search(r'<section aria-labelledby="growth">.*?</section>', page.text, re.DOTALL)
    assert section is not None
    text = re.sub(r"<[^>]+>", " ", section[0]).replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["660 80 more than four weeks ago (580). Rising over 8 weeks.", "at least 480 EUR spent",
                "New +44 +44", "Lapsed -56 -56", "22 Nov 2026 660", "search €20 €50 €50 2.5 (2.2-2.8) 2.5",
                "All, of a year €20"]),
        ("zh", ["660 比四周前多 80 人\uff08当时 580 人\uff09。 近 8 周呈上升趋势。", "累计消费满 480 EUR",
                "新增 +44 +44", "流失 -56 -56", "2026年11月22日 660", "search €20 €50 €50 2.5 (2.2-2.8) 2.5"]),
    ],
)  # fmt: skip
def test_the_north_star_is_told_with_what_moved_it(tmp_path: Path, language: str, sentences: list[str]) -> None:
    text = today_text(tmp_path, growth_answer(cohorts=(cohort("search"),)), language)
    assert [sentence for sentence in sentences if sentence not in text] == []


@pytest.mark.parametrize(("language", "sentence"), [("en", "flywheel run writes them"), ("zh", "还没有数据")])
def test_before_the_first_run_the_page_says_what_writes_the_figures(
    tmp_path: Path, language: str, sentence: str
) -> None:
    assert sentence in today_text(tmp_path, None, language)


@pytest.mark.parametrize(("language", "sentence"), [("en", "No acquisition costs"), ("zh", "没有获客成本")])
def test_without_costs_the_page_says_how_to_get_them(tmp_path: Path, language: str, sentence: str) -> None:
    assert sentence in today_text(tmp_path, growth_answer(), language)


@pytest.mark.parametrize(("language", "word"), [("en", "too early"), ("zh", "为时尚早")])
def test_a_ratio_that_is_not_stated_has_a_word_in_its_place(tmp_path: Path, language: str, word: str) -> None:
    young = cohort("search", realised_ratio=TOO_EARLY)
    assert f"€50 {word} 2.5" in today_text(tmp_path, growth_answer(cohorts=(young,)), language)


def test_a_month_without_any_figure_is_left_out(tmp_path: Path) -> None:
    few = FigureResponse(status="too_few", detail="Found fewer than 30; expected 30.")
    unknown = cohort("radio", cac=few, realised_ltv=few, realised_ratio=few)
    text = today_text(tmp_path, growth_answer(cohorts=(cohort("search"), unknown)), "en")
    assert "search €20" in text
    assert "radio" not in text


def test_movements_of_a_few_are_told_to_an_admin_alone(tmp_path: Path) -> None:
    answer = growth_answer(week(0), week(1, won_back=2))
    assert "too few customers to be told to your key" in today_text(tmp_path, answer, "en")
    assert "Won back +14" in today_text(tmp_path, answer, "en", KeyScope.ADMIN)


def test_a_key_without_the_scope_is_told_which_one_it_lacks(tmp_path: Path) -> None:
    text = today_text(tmp_path, growth_answer(), "en", KeyScope.PREDICT)
    assert "lacks the scope view" in text
    assert "660" not in text


def test_a_closed_week_that_would_be_another_number_today_is_mentioned(tmp_path: Path) -> None:
    restated = RestatementResponse(high_value_active=530, reason="log_changed", note=NOTE)
    answer = growth_answer(week(0, restated=restated), week(1))
    assert "One of these weeks is closed and stays" in today_text(tmp_path, answer, "en")
    assert "其中 1 周已结账" in today_text(tmp_path, answer, "zh")
