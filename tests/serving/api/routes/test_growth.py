"""Growth over HTTP: the figures of the last run, and which counts a key is not told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.growth.small_counts import MOVEMENTS, suppress_small_counts
from serving.schemas.growth import (
    AcquisitionResponse,
    GrowthResponse,
    LocalisedText,
    PeriodResponse,
    RestatementResponse,
)
from tests.serving.api.growth_answers import cohort, growth_answer, week, write_answer
from tests.serving.fakes import FakeRelease, Shop

NOTE = LocalisedText(en="Another number.", zh="另一个数字。")


@contextmanager
def client(home: Path, scope: KeyScope) -> Iterator[TestClient]:
    store, shop = KeyStore.for_home(home), Shop.of(FakeRelease(), home=home)
    key, _ = store.create("key", [scope], datetime(2026, 11, 2, tzinfo=UTC))
    worker = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log)))
    worker.growth_loader.poll()
    with TestClient(create_app(lambda: worker), headers={"X-API-Key": key}) as caller:
        yield caller


def get(home: Path, scope: KeyScope) -> dict[str, Any]:
    with client(home, scope) as caller:
        response = caller.get("/v1/growth")
    assert response.status_code == 200, response.text
    GrowthResponse.model_validate_json(response.content)
    body: dict[str, Any] = response.json()
    return body


def test_an_admin_gets_the_figures_as_they_were_written(tmp_path: Path) -> None:
    answer = growth_answer(week(0, lapsed=3), cohorts=(cohort("search", new_customers=4),))
    write_answer(tmp_path, answer)
    assert GrowthResponse.model_validate_json(answer.model_dump_json()).model_dump(mode="json") == get(
        tmp_path, KeyScope.ADMIN
    )


def test_before_the_first_run_there_is_nothing_to_tell(tmp_path: Path) -> None:
    with client(tmp_path, KeyScope.VIEW) as caller:
        response = caller.get("/v1/growth")
    assert response.status_code == 503
    assert response.json()["detail"] == "There are no figures of growth yet: `flywheel run` writes them."


def test_a_damaged_file_counts_as_none_until_it_is_written_again(tmp_path: Path) -> None:
    write_answer(tmp_path, growth_answer())
    (tmp_path / "growth" / "growth.json").write_text("{")
    worker = Shop.of(FakeRelease(), home=tmp_path).worker
    worker.growth_loader.poll()
    assert worker.growth_loader.current is None
    write_answer(tmp_path, growth_answer())
    worker.growth_loader.poll()
    assert worker.growth_loader.current == growth_answer()


def test_a_caller_who_has_the_answer_gets_no_body(tmp_path: Path) -> None:
    write_answer(tmp_path, growth_answer())
    with client(tmp_path, KeyScope.VIEW) as caller:
        tag = caller.get("/v1/growth").headers["ETag"]
        assert caller.get("/v1/growth", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("name", [*MOVEMENTS, "active", "new_customers", "high_value_active"])
@pytest.mark.parametrize("count", [0, 9])
def test_few_customers_are_not_counted_for_a_viewer(tmp_path: Path, name: str, count: int) -> None:
    write_answer(tmp_path, growth_answer(week(0, **{name: count})))
    (period,) = get(tmp_path, KeyScope.VIEW)["weeks"]
    assert period[name] is None
    assert get(tmp_path, KeyScope.ADMIN)["weeks"][0][name] == count


@pytest.mark.parametrize("name", MOVEMENTS)
def test_a_movement_that_is_not_told_cannot_be_computed_from_the_others(name: str) -> None:
    (period,) = suppress_small_counts(growth_answer(week(0, **{name: 3})), 10).weeks
    hidden = [each for each in MOVEMENTS if getattr(period, each) is None]
    assert name in hidden
    assert len(hidden) == 2


@pytest.mark.parametrize("name", ["previous", "high_value_active"])
def test_a_number_of_few_before_or_after_cannot_be_computed_from_the_movements(name: str) -> None:
    (period,) = suppress_small_counts(growth_answer(week(0, **{name: 3})), 10).weeks
    assert [each for each in (name, *MOVEMENTS) if getattr(period, each) is None] == [name, "new"]


def test_a_movement_of_many_is_told() -> None:
    answer = growth_answer(week(0), week(1, revised=-1))
    assert suppress_small_counts(answer, 10) == answer


def test_few_customers_of_a_source_a_restatement_or_today_are_not_counted() -> None:
    restated = RestatementResponse(high_value_active=8, reason="log_changed", note=NOTE)
    rows = [AcquisitionResponse(source="search", cost=90.0, new_customers=9)]
    answer = growth_answer(week(0, restated=restated, acquisition=rows), cohorts=(cohort("search", new_customers=9),))
    today = answer.today.model_copy(update={"high_value_active": 9, "day": date(2026, 11, 23)})
    shown = suppress_small_counts(answer.model_copy(update={"today": today}), 10)
    (period,) = shown.weeks
    assert period.restated is not None
    assert period.restated.high_value_active is None
    assert [row.new_customers for row in period.acquisition] == [None]
    assert [each.new_customers for each in shown.ltv_to_cac.by_source] == [None]
    assert (shown.today.high_value_active, shown.today.active) == (None, 2_000)


def sources(**counts: int) -> list[AcquisitionResponse]:
    return [AcquisitionResponse(source=name, cost=90.0, new_customers=count) for name, count in counts.items()]


def shown_counts(period: PeriodResponse) -> dict[str, int | None]:
    return {row.source: row.new_customers for row in period.acquisition}


def test_the_few_of_a_source_cannot_be_computed_from_the_total_and_the_other_sources() -> None:
    answer = growth_answer(week(0, new_customers=60, acquisition=sources(search=4, mail=20, social=36)))
    (period,) = suppress_small_counts(answer, 10).weeks
    assert shown_counts(period) == {"search": None, "mail": None, "social": 36}
    assert shown_counts(suppress_small_counts(answer, 4).weeks[0]) == {"search": 4, "mail": 20, "social": 36}


def test_the_few_of_a_source_in_a_month_cannot_be_computed_from_the_sum_of_its_months() -> None:
    counts = ({"search": 4, "mail": 3, "social": 40}, {"search": 20, "mail": 30, "social": 50})
    months = [
        week(0, period=f"2026-0{number}", end_day=date(2026, number + 1, 1), acquisition=sources(**of_month))
        for number, of_month in enumerate(counts, 5)
    ]
    answer = growth_answer(cohorts=(cohort("search", new_customers=24),)).model_copy(update={"months": months})
    shown = [shown_counts(month) for month in suppress_small_counts(answer, 10).months]
    assert shown == [
        {"search": None, "mail": None, "social": 40},
        {"search": None, "mail": None, "social": 50},
    ]


def test_costs_and_their_average_do_not_count_a_small_cohort() -> None:
    answer = growth_answer(cohorts=(cohort("search", cost=180.0, new_customers=9), cohort("mail")))
    small, large = suppress_small_counts(answer, 10).ltv_to_cac.by_source
    assert small.new_customers is None
    for figure in (small.cac, small.realised_ltv, small.predicted_ltv, small.realised_ratio, small.expected_ratio):
        assert (figure.status, figure.value) == ("too_few", None)
    assert large == cohort("mail")
