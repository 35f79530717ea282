"""Run summary: the sentences that a person has to read, after the test and after a refusal."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from pipelines.steps.run import RunSummary
from training.inference.release_manifest import GateResult

NOTHING: Any = None


def warnings(
    *refutations: str, refusal: str = "", silence: str = "", tier: str = "last_window", no_signal: tuple[str, ...] = ()
) -> list[str]:
    gate = GateResult(
        passed=not refusal, regressions=[], reasons={}, refutations=list(refutations), no_signal=list(no_signal)
    )
    return RunSummary(
        manifest=NOTHING, readiness=NOTHING, trained_version="2", champion="1" if refusal else "2", refusal=refusal,
        gate=gate, trained_tier=tier, score_summary=NOTHING, log=NOTHING, plausibility=(), expected=NOTHING,
        currency="EUR", silence_notice=silence,
    ).warnings  # fmt: skip


def test_a_release_that_its_test_does_not_refute_has_nothing_to_warn_of() -> None:
    assert warnings() == []


def test_a_refuted_release_that_serves_all_the_same_says_what_answers() -> None:
    assert warnings("churn: it predicted 5 buyers, and 100 came") == [
        "Refuted by the newest test origin: churn: it predicted 5 buyers, and 100 came.",
        "Until a release stands the test, the best ranking on the level of the last window answers.",
    ]
    assert warnings("churn: it is off", tier="population")[1].endswith("the mean of all customers answers.")


def test_a_refuted_release_that_was_refused_does_not_answer() -> None:
    assert len(warnings("churn: it is off", refusal="The gate rejects release 2")) == 1


def test_every_question_that_ranks_nobody_has_a_sentence() -> None:
    assert warnings(no_signal=("churn", "ltv")) == [
        "churn ranks nobody: the log holds no signal that tells customers apart.",
        "ltv ranks nobody: the log holds no signal that tells customers apart.",
    ]


def test_an_accepted_silence_comes_first() -> None:
    assert warnings(silence="The log ends on 2023-10-28", no_signal=("churn",))[0] == "The log ends on 2023-10-28"


def test_a_log_that_ended_is_refused_before_the_training_libraries_are_loaded() -> None:
    code = "import sys, pipelines.steps.run; sys.exit(bool({'feast', 'sklearn', 'scipy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
