"""Economics in the builder: costs and value at stake of a campaign, and its profit with what it rests on, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.serving.api.audience_requests import scored_shop
from tests.serving.audiences.economics.campaigns import add_expected_orders, clear_effect, experiments_with
from tests.serving.web.page_parts import PageParts

BUILDER = "/app/audiences/new"
PRICES = "margin=50&contact_cost=0.5"
TITLES = {"en": "Costs and profit", "zh": "成本与利润"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    shop = scored_shop(tmp_path)
    add_expected_orders(tmp_path)
    experiments_with(tmp_path, clear_effect())
    with shop.client() as client:
        yield client


def open_builder(client: TestClient, query: str, language: str = "en", **headers: str) -> PageParts:
    headers = {"Accept": "text/html", "Accept-Language": language, **headers}
    response = client.get(f"{BUILDER}?{query}", headers=headers)
    assert response.status_code == 200, response.text
    return PageParts(response.text)


@pytest.mark.parametrize("language", TITLES)
def test_without_a_margin_only_the_form_asks_for_one(client: TestClient, language: str) -> None:
    page = open_builder(client, "channel=sms", language)
    assert TITLES[language] in page.texts("summary")
    assert TITLES[language] not in page.texts("heading")
    assert any(field.get("name") == "margin" for field in page.fields)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Cost of the campaign €20", "Margin at stake, next 90 days", "No profit is told from predictions"]),
        ("zh", ["活动成本 €20", "未来 90 天所涉及的毛利", "不会仅凭预测给出利润"]),
    ],
)
def test_predictions_alone_have_a_cost_and_a_value_and_no_profit(
    client: TestClient, language: str, words: list[str]
) -> None:
    page = open_builder(client, PRICES, language)
    assert TITLES[language] in page.texts("heading")
    assert all(word in page.main for word in words)
    assert not any(heading.startswith(("Profit,", "利润")) for heading in page.texts("heading"))


def test_an_experiment_is_chosen_by_its_offer_and_its_profit_has_a_range(client: TestClient) -> None:
    page = open_builder(client, f"{PRICES}&offer=win-back/ten-percent")
    assert "win-back/ten-percent" in page.texts("option")
    assert "Profit, measured" in page.texts("heading")
    assert "An experiment shows that this offer pays." in page.main
    assert "Measured by the experiment win-back" in page.main
    dear = open_builder(client, "margin=50&contact_cost=9&offer=win-back/ten-percent")
    assert "An experiment shows that this offer costs more than it brings." in dear.main


def test_an_assumption_says_that_it_is_one(client: TestClient) -> None:
    page = open_builder(client, f"{PRICES}&uplift=10")
    assert "Profit, if your assumption holds" in page.texts("heading")
    assert "This profit is an assumption." in page.main


def test_the_budget_links_to_the_people_whom_it_pays_for(client: TestClient) -> None:
    page = open_builder(client, f"{PRICES}&budget=6.2&order=value")
    assert "The budget pays for the first 12 people." in page.main
    link = next(part for part in page.parts if part.text == "Limit the audience to 12")
    limited = open_builder(client, str(link.attributes["href"]).partition("?")[2])
    assert "Cost of the campaign €6.00" in limited.main


def test_a_script_gets_the_figures_alone(client: TestClient) -> None:
    page = open_builder(client, PRICES, **{"HX-Request": "true"})
    assert TITLES["en"] in page.texts("heading")
    assert not any(field.get("name") == "margin" for field in page.fields)


def test_what_is_no_number_is_said_by_its_field(client: TestClient) -> None:
    response = client.get(f"{BUILDER}?margin=150&contact_cost=few", headers={"Accept": "text/html"})
    assert response.status_code == 422
    text = PageParts(response.text).main
    assert "economics.margin : Found 1.5; expected 1 or less." in text
    assert 'economics.contact_cost : Found "few"; expected a number.' in text


def test_an_audience_is_stored_without_its_costs(client: TestClient) -> None:
    page = open_builder(client, PRICES)
    fields = {str(field["name"]): str(field["value"]) for field in page.fields if field.get("type") == "hidden"}
    response = client.post("/app/audiences", data=fields, follow_redirects=False)
    assert response.status_code == 303
