"""Protocol C: cross-validation over customers inside one window, where the log is too short for rolling origins.

Five folds of customers; each is answered by what was fitted to the other four alone. Which rung answers is found inside
those four, by three folds more and the product's own gate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from benchmarks.accuracy.baselines import Anchor, Seen, anchors
from features.arrays import Floats, Integers
from training.dataset.outcomes import Rows
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import verdicts
from training.fitting.assemble import joined
from training.fitting.fit import fit_rungs
from training.inference.forecast import TIERS, Forecast
from training.model import Plan
from training.models import MODELS

OUTER, INNER = 5, 3
SERVED = "as served"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was said of customers at the plan's longest horizon, (n,) each."""

    stays_away: Floats
    orders: Floats
    mean: Floats
    median: Floats
    p10: Floats
    p90: Floats


@dataclass(frozen=True, kw_only=True)
class Folded:
    """Answers from fits that never saw the customer: as they would be served, and of every rung by itself."""

    answers: Mapping[str, Answers]  # SERVED or a rung
    anchors: Sequence[Anchor]
    chosen: Sequence[Mapping[str, str]]  # question -> rung, fold by fold

    @property
    def served(self) -> Answers:
        """By the rungs that inner validation chose."""
        return self.answers[SERVED]

    def rung(self, question: str) -> str:
        """Who answered; in how many folds, where not in all."""
        counts = Counter(one[question] for one in self.chosen)
        if len(counts) == 1:
            return next(iter(counts))
        return ", ".join(f"{name} {count}/{len(self.chosen)}" for name, count in counts.items())


def folded(rows: Rows, told: Seen, plan: Plan, day: date, say: Callable[[str], None]) -> Folded:
    """Answer every fold from the others; ``told`` are the histories that the anchors are fitted to."""
    place = places(len(rows), OUTER)
    days = plan.learned[-1]
    said: list[dict[str, Answers]] = []
    theirs, chosen = [], []
    for fold in range(OUTER):
        say(f"fold {fold + 1} of {OUTER}: {len(rows):,} customers")
        train, test = rows.at(place != fold), rows.at(place == fold)
        chosen.append(_chosen(train, plan, day))
        fitted = fit_rungs(train, plan, TIERS)
        ladders = {**{tier: one.ladder for tier, one in fitted.items()}, SERVED: joined(fitted, chosen[-1])}
        said.append({
            name: answers(ladder.forecast(test.inputs, test.column("orders")), days)
            for name, ladder in ladders.items()
        })  # fmt: skip
        theirs.append(anchors(told.at(place != fold), told.at(place == fold), days))
    stitched = {name: _stitched([one[name] for one in said], place) for name in said[0]}
    return Folded(answers=stitched, anchors=_anchors(theirs, place), chosen=chosen)


def places(count: int, folds: int) -> Integers:
    """The fold of each customer, (n,), at random and always the same."""
    return np.random.default_rng(0).permutation(count) % folds


def answers(forecast: Forecast, days: int) -> Answers:
    """One horizon of a forecast with amounts."""
    at, spend = forecast.horizons.index(days), forecast.spend
    if spend is None:
        raise ValueError("The log has no amounts: there is no spend to answer for.")
    return Answers(
        stays_away=1 - forecast.within(days),
        orders=forecast.expected_orders[:, at],
        mean=spend.mean[:, at],
        median=spend.median[:, at],
        p10=spend.p10[:, at],
        p90=spend.p90[:, at],
    )


def _chosen(train: Rows, plan: Plan, day: date) -> dict[str, str]:
    """What the gate makes of every rung, each fitted to two thirds of the customers and tested on the rest."""
    place = places(len(train), INNER)
    tests = []
    for fold in range(INNER):
        test = train.at(place == fold)
        fitted = fit_rungs(train.at(place != fold), plan, TIERS)
        said = {tier: one.ladder.forecast(test.inputs, test.column("orders")) for tier, one in fitted.items()}
        tests.append(Backtest(day, plan, test, said, fitted))
    return {name: verdicts(tests, model, TIERS, None)[-1].tier for name, model in MODELS.items()}


def _stitched(parts: Sequence[Answers], place: Integers) -> Answers:
    return Answers(
        **{one.name: _together([getattr(part, one.name) for part in parts], place) for one in fields(Answers)}
    )


def _anchors(parts: Sequence[Sequence[Anchor]], place: Integers) -> list[Anchor]:
    found = []
    for folds in zip(*parts, strict=True):
        whole = {}
        for what in ("stays_away", "orders", "spend"):
            each = [getattr(one, what) for one in folds]
            whole[what] = None if any(one is None for one in each) else _together(each, place)
        found.append(Anchor(name=folds[0].name, **whole))
    return found


def _together(parts: Sequence[Floats], place: Integers) -> Floats:
    whole = np.empty(len(place))
    for fold, part in enumerate(parts):
        whole[place == fold] = part
    return whole
