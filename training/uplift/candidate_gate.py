"""Candidate gate: which ranking by uplift may be used, the simplest that nothing more complex surely beats.

A candidate needs the paired 95 % interval of its Qini above 0 and above that of the next simpler one that passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.estimate import Estimate
from training.uplift.cross_fitting import CrossFit
from training.uplift.qini import qini, qini_difference


@dataclass(frozen=True)
class CandidateScore:
    """What the gate saw of one candidate."""

    qini: Estimate
    above_simpler: Estimate | None  # paired; None where no simpler one had passed
    passed: bool


def gate_candidates(fit: CrossFit) -> dict[str, CandidateScore]:
    """The score of each candidate, the simplest first."""
    seen: dict[str, CandidateScore] = {}
    for name in fit.scores:
        simpler, ranks = chosen_candidate(seen), fit.ranks(name)
        own = qini(ranks, fit.effects)
        above = None if simpler is None else qini_difference(ranks, fit.ranks(simpler), fit.effects)
        seen[name] = CandidateScore(own, above, own.low > 0 and (above is None or above.low > 0))
    return seen


def chosen_candidate(scores: Mapping[str, CandidateScore]) -> str | None:
    """The most complex candidate that passed; None where nobody is ranked."""
    return next((name for name in reversed([*scores]) if scores[name].passed), None)
