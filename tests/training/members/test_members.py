"""Laws for every member of the average: a new file in members/ is tested by existing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import training.members
from features.arrays import Booleans, Floats
from tests.training.members import silence
from tests.training.simulated_rows import btyd_answers, simulate_shop
from training import metrics
from training.fitting.average.question import TRAINERS, FittedQuestion, fit_question
from training.inference.log_odds import sigmoid
from training.member import Member, QuestionRows, Target
from training.members import MEMBERS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
FILES = sorted(file.stem for file in Path(training.members.__path__[0]).glob("*.py") if file.stem != "__init__")
DAYS = 60


@pytest.fixture(params=FILES)
def member(request: pytest.FixtureRequest) -> Member:
    return MEMBERS[request.param]


@pytest.fixture(params=list(Target))
def target(request: pytest.FixtureRequest) -> Target:
    found: Target = request.param
    return found


@cache
def question_rows(target: Target) -> QuestionRows:
    """300 customers at three cutoffs, of which the newest weighs twice as much."""
    answers = btyd_answers(simulate_shop(400).rows((280, 310, 340)))
    rows = answers.rows
    outcome = rows.outcomes.ordered_within(DAYS) if target is Target.ORDER else rows.outcomes.orders_within(DAYS)
    weight = np.where(rows.cutoff == 340, 2.0, 1.0)
    return QuestionRows(target, answers.question(DAYS, np.ones(len(rows), bool)), outcome, weight / weight.mean())


def fit_on(member: Member, rows: QuestionRows, mask: Booleans | None = None) -> dict[str, str]:
    used = np.ones(len(rows.outcome), bool) if mask is None else mask
    part = QuestionRows(rows.target, rows.question.select(used), rows.outcome[used], rows.weight[used])
    return member.fit(part, TRAINERS)


def predict(target: Target, scores: Floats) -> Floats:
    return sigmoid(scores) if target is Target.ORDER else np.exp(scores)


def test_the_members_are_the_files_of_the_folder() -> None:
    assert sorted(MEMBERS) == FILES
    for name in FILES:
        assert import_module(f"training.members.{name}").MEMBER is MEMBERS[name]
        assert MEMBERS[name].name == name
        assert MEMBERS[name].summary


def test_a_fit_is_the_same_to_the_last_byte(member: Member, target: Target) -> None:
    assert fit_on(member, question_rows(target)) == fit_on(member, question_rows(target))


def test_no_two_members_write_the_same_file(target: Target) -> None:
    names = [name for member in MEMBERS.values() for name in fit_on(member, question_rows(target))]
    assert len(names) == len(set(names))
    assert all(name.endswith((".json", ".txt")) for name in names)


def test_a_member_comes_back_from_its_texts_to_the_last_bit(member: Member, target: Target) -> None:
    rows = question_rows(target)
    files = fit_on(member, rows)
    stored = {name: text.encode().decode() for name, text in files.items()}
    first, second = (member.load(texts).scores(rows.question) for texts in (files, stored))
    assert np.array_equal(first, second)
    assert first.shape == (len(rows.outcome),)
    assert np.isfinite(first).all()


def test_what_the_inputs_add_makes_up_the_score_but_for_a_constant(member: Member, target: Target) -> None:
    question = question_rows(target).question
    fitted = member.load(fit_on(member, question_rows(target)))
    attributions = fitted.attributions(question)
    assert attributions.shape == (len(question), len(question.names) + 1)
    assert np.ptp(fitted.scores(question) - attributions.sum(axis=1)) < 1e-9
    assert np.ptp(attributions.sum(axis=1)) > 0.1


def test_a_members_total_is_the_one_that_came(member: Member, target: Target) -> None:
    rows = question_rows(target)
    predicted = predict(target, member.load(fit_on(member, rows)).scores(rows.question))
    assert (predicted * rows.weight).sum() == pytest.approx((rows.outcome * rows.weight).sum(), rel=0.02)


def test_a_member_ranks_customers_that_it_has_not_seen(member: Member, target: Target) -> None:
    rows = question_rows(target)
    seen = np.arange(len(rows.outcome)) % 2 == 0
    others = rows.question.select(~seen)
    scores = member.load(fit_on(member, rows, seen)).scores(others)
    assert metrics.auc(scores, np.minimum(rows.outcome[~seen], 1.0)) > 0.7


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_a_shop_where_all_do_the_same_is_learned_as_such(member: Member, target: Target, outcome: float) -> None:
    rows = question_rows(target)
    same = replace(rows, outcome=np.full(len(rows.outcome), outcome))
    predicted = predict(target, member.load(fit_on(member, same)).scores(rows.question))
    assert np.isfinite(predicted).all()
    assert predicted.mean() == pytest.approx(outcome, abs=0.1)


@pytest.mark.parametrize("customers", [1, 3])
def test_very_few_customers_are_learned_without_a_crash(member: Member, target: Target, customers: int) -> None:
    rows = replace(question_rows(target), outcome=np.ones(len(question_rows(target).outcome)))
    few = np.arange(len(rows.outcome)) < customers
    assert np.isfinite(member.load(fit_on(member, rows, few)).scores(rows.question)).all()


def test_a_customer_of_whom_nothing_is_known_is_scored(member: Member, target: Target) -> None:
    rows = question_rows(target)
    unknown = replace(rows.question, inputs=np.full_like(rows.question.inputs, np.nan))
    assert np.isfinite(member.load(fit_on(member, rows)).scores(unknown)).all()


def five_member_question(monkeypatch: pytest.MonkeyPatch) -> FittedQuestion:
    monkeypatch.setitem(MEMBERS, silence.MEMBER.name, silence.MEMBER)
    answers = btyd_answers(simulate_shop(400).rows((280, 310, 340)))
    outcome = answers.rows.outcomes.ordered_within(DAYS)
    return fit_question(answers, Target.ORDER, DAYS, outcome, np.ones(len(outcome)))


def test_a_fifth_member_takes_part_in_the_average(monkeypatch: pytest.MonkeyPatch) -> None:
    question, fitted = question_rows(Target.ORDER).question, five_member_question(monkeypatch)
    averaged = fitted.averaged
    assert set(averaged.weights) == set(averaged.members) == {*FILES, "silence"}
    assert averaged.weights["silence"] > 0
    left_out = fitted.member_scores[:, list(averaged.weights).index("silence")]
    assert np.corrcoef(left_out, -question.column("recency_days"))[0, 1] > 0.99
    without = replace(averaged, weights={**averaged.weights, "silence": 0.0})
    difference = averaged.scores(question) - without.scores(question)
    assert difference == pytest.approx(averaged.weights["silence"] * averaged.members["silence"].scores(question))
    assert fitted.artifacts["silence"] == {silence.FILE: fitted.artifacts["silence"][silence.FILE]}


def test_a_fifth_file_in_the_folder_is_found_and_loaded_with_a_release(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "training", tmp_path / "training", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(silence.__file__, tmp_path / "training" / "members" / "silence.py")
    program = "from training.models import LOADERS; print(*sorted(LOADERS))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
    )  # fmt: skip
    assert done.stdout.split() == sorted([*FILES, "silence"])
