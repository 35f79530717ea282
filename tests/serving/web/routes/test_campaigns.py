"""Campaigns: differences with their ranges or a refusal in words, never one in place of the other."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from serving.web.language import Language
from serving.web.texts import find_text
from serving.web.views.campaigns import VerdictKey, newest_effects, verdict_of
from tests.serving.fakes import FakeRelease, Shop, timestamp_us
from tests.serving.web.page_text import read_page, read_rows
from tests.training.experiments.records import experiment
from training.experiments.record.experiment import MetricKind
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import ExperimentStatus
from training.experiments.refusal import Reason
from training.experiments.result_schema import (
    ArmResult,
    Band,
    EffectEstimate,
    ExperimentResults,
    Look,
    RefusalRecord,
    ResultStatus,
    SampleRatio,
    SegmentArm,
    SegmentResult,
)

PATH = "/app/campaigns"
START = timestamp_us("2026-10-01T09:00:00")
EFFECT = EffectEstimate(value=0.12, low=0.08, high=0.16, relative=0.4, method="Welch")
CONTROL = ArmResult(name="none", control=True, decided=500, matured=480, conversions=144, mean=0.3)
TREATED = ArmResult(
    name="ten-percent", control=False, decided=520, matured=500, conversions=210, mean=0.42, effect=EFFECT,
    probability_best=0.999, decision="better",
)  # fmt: skip


def results(status: ResultStatus = "ended", **fields: Any) -> ExperimentResults:  # noqa: ANN401 - any field
    given = {"arms": (CONTROL, TREATED), "decided": 1020, "matured": 980, "detail": "The sentence.", **fields}
    return ExperimentResults(
        experiment_id="win-back", as_of=date(2026, 11, 20), status=status, metric="order_28d", **given
    )


def look(day: int, arms: tuple[ArmResult, ...] = (CONTROL, TREATED)) -> Look:
    at = date(2026, 11, day)
    return Look(day=at, as_of=at, end=False, matured=900, share=0.5, spent_alpha=0.01, bound=2.5, arms=arms)


def shop_with(home: Path, stored: ExperimentResults | None = None, **record: Any) -> Shop:  # noqa: ANN401 - any field
    folder = ExperimentFolder(home)
    folder.start(experiment(**record), START, "ann")
    if stored is not None:
        folder.write_results("win-back", stored.model_dump(mode="json"))
    return Shop.of(FakeRelease(), home=home)


def read(shop: Shop, path: str = PATH, language: str = "en") -> str:
    with shop.client() as client:
        return read_page(client, path, language)


def test_a_shop_without_experiments_is_told_how_to_hold_people_out(tmp_path: Path) -> None:
    text = read(Shop.of(FakeRelease(), home=tmp_path))
    assert "No experiment was started yet." in text
    assert "Hold some people out when you build an audience" in text


def test_a_row_has_who_got_it_who_was_held_out_and_the_difference_of_100_with_its_range(tmp_path: Path) -> None:
    shop = shop_with(tmp_path, results(winner="ten-percent"))
    text = read(shop)
    assert "Running, from 1 Oct 2026 to 12 Apr 2027. Measured: Customers with an order within 28 days, of 100." in text
    assert "ten-percent wins" in text
    assert "Difference ten-percent : +12.0 of 100 customers (+8.0 to +16.0)" in text
    assert "Got it: 520 · Held out: 500" in text
    assert "(+8.0 至 +16.0)" in read(shop, language="zh")


def test_spend_is_money_per_customer(tmp_path: Path) -> None:
    spend = EffectEstimate(value=2.5, low=-0.5, high=5.5, relative=None, method="Welch")
    stored = results(arms=(CONTROL, TREATED.model_copy(update={"effect": spend, "decision": None})))
    text = read(shop_with(tmp_path, stored, outcome={"kind": "spend", "within_days": 28}))
    assert "Spend per customer within 28 days" in text
    assert "+€2.50 (-€0.50 to +€5.50)" in text
    assert "No difference from those held out is shown." in text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason": "not_mature", "matures_on": date(2026, 12, 22)}, "Too early until 22 Dec 2026"),
        ({"reason": "not_mature"}, "Too early: the days in which orders count are not over."),
        ({"reason": "too_few"}, "Too few customers or orders to tell."),
        ({"reason": "peeked", "next_look": date(2026, 12, 1)}, "The next declared day is 1 Dec 2026."),
        ({"status": "not_identified", "reason": "no_randomised_control"}, "Nobody was held out: no comparison is"),
        ({"status": "not_identified", "reason": "sample_ratio"}, "The groups do not have the sizes that were drawn"),
    ],
)
def test_a_refusal_is_a_sentence_without_a_number(tmp_path: Path, fields: dict[str, Any], sentence: str) -> None:
    bare = tuple(arm.model_copy(update={"effect": None, "decision": None, "mean": None}) for arm in (CONTROL, TREATED))
    text = read(shop_with(tmp_path, results(**{"status": "not_yet", "arms": bare, **fields})))
    assert sentence in text
    assert "Difference" not in text


def test_an_experiment_before_its_first_night_is_too_early(tmp_path: Path) -> None:
    assert "Too early: the days" in read(shop_with(tmp_path))


def test_damaged_results_hide_no_other_experiment(tmp_path: Path) -> None:
    shop = shop_with(tmp_path, results())
    ExperimentFolder(tmp_path).start(experiment(id="other"), START + 1, "ann")
    (tmp_path / "experiments/win-back/results.json").write_text("{")
    text = read(shop)
    assert "The results cannot be read." in text
    assert text.index("other") < text.index("win-back")
    with shop.client() as client:
        read_page(client, f"{PATH}/win-back", status=503)


def test_the_detail_has_the_groups_the_segments_and_the_relative_difference(tmp_path: Path) -> None:
    few = RefusalRecord(status="not_yet", reason="too_few", detail="few")
    segments = (
        SegmentResult(segment="gold", arms=(SegmentArm(name="ten-percent", matured=300, effect=EFFECT),)),
        SegmentResult(segment="blue", arms=(SegmentArm(name="ten-percent", matured=30, refusal=few),)),
    )
    with shop_with(tmp_path, results(segments=segments)).client() as client:
        text, rows = read_page(client, f"{PATH}/win-back"), read_rows(client, f"{PATH}/win-back")
    assert "Relative to those held out: 40%." in text
    assert "none (held out) 500 480 144 30.0 50% —" in rows
    assert "ten-percent 520 500 210 42.0 50% 99.9%" in rows
    assert "gold ten-percent 300 +12.0 of 100 customers (+8.0 to +16.0)" in rows
    assert "blue ten-percent 30 Too few customers or orders to tell." in rows


def test_between_looks_the_band_is_shown_and_no_verdict(tmp_path: Path) -> None:
    banded = TREATED.model_copy(
        update={"effect": None, "decision": None, "band": Band(value=0.1, low=-0.02, high=0.22)}
    )
    stored = results("not_identified", reason="peeked", arms=(CONTROL, banded), next_look=date(2026, 12, 1))
    text = read(shop_with(tmp_path, stored), f"{PATH}/win-back")
    assert "the difference of ten-percent lies between -2.0 and +22.0" in text
    assert "No difference is shown for now." in text


def test_several_looks_are_drawn_from_a_table_in_the_unit_of_the_page(tmp_path: Path) -> None:
    with shop_with(tmp_path, results(looks=(look(5), look(12)))).client() as client:
        rows = read_rows(client, f"{PATH}/win-back")
    assert rows[1:3] == ["5 Nov 2026 12.0 8.0 16.0", "12 Nov 2026 12.0 8.0 16.0"]


def test_after_an_alarm_about_the_groups_no_effect_of_an_earlier_look_is_shown() -> None:
    alarm = SampleRatio(log_e_value=9.0, alarm=True, since=date(2026, 11, 8), method="e-value")
    bare = (CONTROL, TREATED.model_copy(update={"effect": None}))
    stored = results("not_identified", reason="sample_ratio", arms=bare, looks=(look(5),), sample_ratio=alarm)
    assert newest_effects(stored) == ()
    assert newest_effects(stored.model_copy(update={"sample_ratio": None}))[0].day == date(2026, 11, 5)


@pytest.mark.parametrize(
    ("decisions", "key"),
    [
        (("better", "worse"), "mixed"),
        (("better", None), "better"),
        (("worse", "worse"), "worse"),
        ((None, None), "no_difference"),
    ],
)
def test_the_verdict_follows_the_decisions_of_the_arms(decisions: tuple[str | None, ...], key: VerdictKey) -> None:
    arms = tuple(
        TREATED.model_copy(update={"name": f"arm-{place}", "decision": decision})
        for place, decision in enumerate(decisions)
    )
    assert verdict_of(results(arms=(CONTROL, *arms))).key == key


def test_an_unknown_campaign_is_not_found(tmp_path: Path) -> None:
    with shop_with(tmp_path).client() as client:
        assert "Not found" in read_page(client, f"{PATH}/other", status=404)


@pytest.mark.parametrize("language", Language)
def test_every_reason_verdict_status_and_metric_has_words(language: Language) -> None:
    kinds = {"refusal": Reason, "verdict": VerdictKey, "status": ExperimentStatus, "metric": MetricKind}
    keys = [f"{kind}.{value}" for kind, values in kinds.items() for value in get_args(values)]
    keys.remove("verdict.refused")  # its reason has the words
    assert [key for key in keys if find_text(language, "campaigns", key) is None] == []
