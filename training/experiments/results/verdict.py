"""Verdict: the winner of an experiment at its end, and what a look shows in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from training.experiments.result_schema import ArmResult, GuardrailResult
from training.experiments.results.judged_looks import MadeLook

MIN_PROBABILITY_BEST = 0.95


def find_winner(made: MadeLook, guardrails: Sequence[GuardrailResult]) -> str | None:
    """The arm that is the best with 95 %, is decided above control, and keeps its guardrails; None without one."""
    leader = _leader(made)
    if leader is None or leader.effect is None or leader.decision != "better" or leader.effect.low <= 0:
        return None
    return None if _not_kept(leader, guardrails) else leader.name


def describe(made: MadeLook, guardrails: Sequence[GuardrailResult], winner: str | None) -> str:
    """What a look shows, in a sentence or two."""
    if winner is not None:
        return f"The arm {winner} wins: it is the best with 95 %, above control, and keeps its guardrails."
    decided = [f"{arm.name} is {arm.decision}" for arm in made.look.arms if arm.decision is not None]
    nothing = "No arm differs from control." if made.look.end else "No arm differs from control so far."
    shows = f"Against {made.control}: {', '.join(decided)}." if decided else nothing
    if not made.look.end:
        return shows
    leader = _leader(made)
    broken = _not_kept(leader, guardrails) if leader is not None and leader.decision == "better" else []
    return f"{shows} No arm wins{_because(leader, broken)}."


def _because(leader: ArmResult | None, broken: list[str]) -> str:
    if leader is None:
        return f": none is the best with {MIN_PROBABILITY_BEST:.0%}"
    if broken:
        return f": {leader.name} is not shown to keep {', '.join(broken)}"
    return ": control is the best" if leader.control else f": {leader.name} is not shown to be above control"


def _leader(made: MadeLook) -> ArmResult | None:
    best = MIN_PROBABILITY_BEST
    return next((arm for arm in made.look.arms if (arm.probability_best or 0.0) >= best), None)


def _not_kept(arm: ArmResult, guardrails: Sequence[GuardrailResult]) -> list[str]:
    return [result.metric for result in guardrails if result.arm == arm.name and result.status != "kept"]
