"""Feedback on the page Today: shaded tables of topics by week, and how sure they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.audience_policy import AudiencePolicy
from tests.serving.api.audience_requests import scored_shop
from tests.serving.feedback_weeks import write_weeks
from tests.serving.web.pages import HTML, Element, parse_page


def feedback_sections(home: Path, language: str) -> list[Element]:
    with scored_shop(home, AudiencePolicy(smallest_audience=10)).client() as client:
        page = client.get("/app/", headers={**HTML, "Accept-Language": language})
    assert page.status_code == 200, page.text
    return parse_page(page.text).all("section", aria_labelledby="feedback")


@pytest.mark.parametrize(
    ("language", "heading", "service", "few"),
    [("en", "What customers write about", "service", "<10"), ("zh", "顾客在说什么", "服务体验", "不足 10")],
)
def test_topics_stand_by_week_with_a_number_and_a_shade(
    tmp_path: Path, language: str, heading: str, service: str, few: str
) -> None:
    write_weeks(tmp_path)
    [section] = feedback_sections(tmp_path, language)
    assert section.one("h2").text == heading
    rows = {row.one("th", scope="row").text: row for row in section.all("table")[0].all("tr")[1:]}
    cells = [(cell.text, cell.attributes["class"]) for cell in rows[service].all("td")]
    assert cells == [("40", "heat4"), ("20", "heat2")]
    assert few in section.all("table")[0].text


@pytest.mark.parametrize(
    ("language", "share", "accuracy"),
    [
        (
            "en",
            "all texts: 27% (22% to 32%, 95 in 100)",
            "Chinese: 91% of 3,846 public reviews were read rightly",
        ),
        (
            "zh",
            "全部文字: 27%\uff0895% 区间 22% 至 32%\uff09",
            "中文: 在 3,846 条公开评论上识别正确率为 91%",
        ),
    ],
)
def test_it_says_the_corrected_share_and_how_often_texts_are_read_rightly(
    tmp_path: Path, language: str, share: str, accuracy: str
) -> None:
    write_weeks(tmp_path)
    [section] = feedback_sections(tmp_path, language)
    items = [item.text for item in section.all("li")]
    assert items[0].startswith(share)
    assert "31%" in items[1]
    assert items[2].startswith(accuracy)


def test_a_shop_without_texts_shows_no_such_section(tmp_path: Path) -> None:
    assert feedback_sections(tmp_path, "en") == []
