"""Learn command: what it prints of experiments that were judged, refused or unreadable."""

from __future__ import annotations

import json
import re
from datetime import date

import numpy as np
import pytest

from pipelines.cli.learn import LearnConsole
from pipelines.learning.predictions.scorecards import ScorecardSummary
from pipelines.steps.learn import LearnSummary
from tests.training.experiments.customers import coin_flips, results, with_maturity
from tests.training.experiments.records import experiment
from training.experiments.record.epochs import Epoch
from training.experiments.result_schema import ExperimentResults, GuardrailResult, RefusalRecord

END, EARLY = date(2027, 4, 12), date(2027, 3, 20)


def result(day: date) -> ExperimentResults:
    customers = coin_flips(np.random.default_rng(0), (0.10, 0.18), 400, 42)
    return results(experiment(), with_maturity(customers, day), day)


def summary(*judged: ExperimentResults, **failures: str) -> LearnSummary:
    epoch = Epoch(number=2, began_at=1, probabilities={"": (0.3, 0.7)})
    return LearnSummary(judged, {"win-back": epoch} if judged else {}, ScorecardSummary(0, ()), failures)


def output(learned: LearnSummary, capsys: pytest.CaptureFixture[str], *, json_output: bool = False) -> str:
    LearnConsole(json_output=json_output).show_learning(learned)
    return capsys.readouterr().out


def test_an_effect_is_printed_with_its_interval_and_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    text, judged = output(summary(result(END)), capsys), result(END)
    effect = judged.arms[1].effect
    assert effect is not None
    assert f"{effect.value:.4f}   {effect.low:.4f} to {effect.high:.4f}" in text
    assert "win-back, order_28d: ended, 5,600 of 16,800 customers matured" in text
    assert re.search(r"ten-percent .* better *\n", text)
    assert judged.detail in text


def test_a_refusal_is_printed_without_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(summary(result(EARLY)), capsys)
    assert "win-back, order_28d: not yet, 0 of 7,600 customers matured" in text
    assert "0." not in text.split("band")[1].split("Found")[0]
    assert "Found no customer whose 28 days are over" in text


def test_each_guardrail_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    unclear = GuardrailResult(metric="spend_28d", arm="ten-percent", limit="at least", status="unclear")
    refused = RefusalRecord(status="not_yet", reason="too_few", detail="Found 3 customers.")
    unknown = GuardrailResult(metric="unsubscribe_28d", arm="ten-percent", limit="at most 0.05", refusal=refused)
    text = output(summary(result(END).model_copy(update={"guardrails": (unclear, unknown)})), capsys)
    assert "Guardrail spend_28d, at least: unclear for ten-percent." in text
    assert "Guardrail unsubscribe_28d, at most 0.05: too few for ten-percent." in text


def test_what_could_not_be_read_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "spring: no results: Found damaged files" in output(summary(spring="Found damaged files."), capsys)


def test_a_shop_without_experiments_is_told_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "`flywheel experiment start FILE` starts one." in output(summary(), capsys)


def test_json_has_the_results_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    printed = json.loads(output(summary(result(END)), capsys, json_output=True))
    assert printed["experiments"] == [result(END).model_dump(mode="json", exclude={"daily"})]
    assert printed["epochs"] == {"win-back": {"": [0.3, 0.7]}}
