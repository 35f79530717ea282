"""Planted offer: how often the profit that economics tell, from an experiment, has the true one in its interval."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.economics.planted_market import DAYS, Market, Outcome, Shape
from features.calendar import day_number, micros, start_of_day
from serving.audiences.builder import AudienceContext, TableConsents, build_audience
from serving.audiences.economics.assembly import EffectSources
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest
from serving.schemas.economics import Economics, EconomicsRequest, OfferPayment
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.results.assembly import ResultInputs, experiment_results
from training.experiments.units import Units

UTC_ZONE = ZoneInfo("UTC")
STARTED_ON, ENDS_ON = date(2027, 3, 1), date(2027, 5, 1)
MARGIN, CONTACT_COST, OFFER_COST = 0.3, 0.05, 2.0
AUDIENCE, UNITS = 5_000, 4_000


@dataclass(frozen=True)
class Case:
    """An offer in a market: what the experiment measures, and when the offer is paid."""

    shape: Shape
    outcome: Outcome
    paid: OfferPayment


@dataclass(frozen=True)
class CaseResult:
    """Shares of the runs, 0 to 1."""

    case: Case
    runs: int
    refused: float  # no profit is told
    covered: float  # of those with a profit: the true one is in the interval
    margin_covers_zero: float  # of all: refused, or 0 in the interval of the incremental margin
    gain: float  # of all: the whole interval of profit is above 0
    true_profit: float
    mean_profit: float
    half_width: float  # mean


CASES = (
    Case("even", "order", "on_contact"),
    Case("even", "order", "on_order"),
    Case("even", "spend", "on_contact"),
    Case("correlated", "order", "on_order"),
    Case("correlated", "spend", "on_contact"),
    Case("null", "order", "on_order"),
    Case("null", "spend", "on_contact"),
)


def measure_case(case: Case, runs: int, seed: int = 0) -> CaseResult:
    """Repeat an experiment on new customers of the market, and ask for the economics of the same audience each time."""
    rng = np.random.default_rng(seed)
    market = Market.draw(case.shape, AUDIENCE, rng)
    truth = _true_profit(case, market)
    with tempfile.TemporaryDirectory(prefix="flywheel-economics-") as scratch:
        columns = market.write_scores(Path(scratch))
        answers = [_economics(case, columns, Path(scratch), rng) for _ in range(runs)]
    profits = [answer.profit for answer in answers if answer.profit is not None]
    ends = np.array([(profit.low or 0.0, profit.value, profit.high or 0.0) for profit in profits]).reshape(-1, 3)
    margins = [answer.incremental_margin for answer in answers]
    return CaseResult(
        case=case,
        runs=runs,
        refused=1 - len(profits) / runs,
        covered=float(((ends[:, 0] <= truth) & (truth <= ends[:, 2])).mean()),
        margin_covers_zero=float(
            np.mean([margin is None or (margin.low or 0.0) <= 0 <= (margin.high or 0.0) for margin in margins])
        ),
        gain=float((ends[:, 0] > 0).sum() / runs),
        true_profit=truth,
        mean_profit=float(ends[:, 1].mean()),
        half_width=float((ends[:, 2] - ends[:, 0]).mean() / 2),
    )


def _true_profit(case: Case, market: Market) -> float:
    offers = market.offers_used() if case.paid == "on_order" else len(market)
    return market.added_margin(MARGIN) - CONTACT_COST * len(market) - OFFER_COST * offers


def _economics(case: Case, columns: Columns, home: Path, rng: np.random.Generator) -> Economics:
    """Run an experiment, write its results as `flywheel learn` does, and ask for the economics of everybody."""
    experiments = ExperimentFolder(home)
    record = Experiment.model_validate({
        "id": "offer",
        "arms": [{"name": "none", "control": True}, {"name": "voucher", "cost": OFFER_COST}],
        "outcome": {"kind": case.outcome, "within_days": DAYS},
        "ends_on": ENDS_ON,
    })  # fmt: skip
    started = experiments.start(record, micros(start_of_day(STARTED_ON, UTC_ZONE)), "benchmark")
    inputs = ResultInputs(started=started, as_of=ENDS_ON, stopped_on=None, matures_on=ENDS_ON, previous=None)
    results = experiment_results(inputs, _draw_units(case, record, rng))
    experiments.write_results(record.id, results.model_dump(mode="json"))
    request = EconomicsRequest(
        margin=MARGIN, contact_cost=CONTACT_COST, offer_cost=OFFER_COST, offer_paid=case.paid, experiment=record.id
    )
    everybody = np.ones(len(columns), np.bool_)
    economics = build_audience(
        AudienceRequest(economics=request, horizon_days=DAYS),
        columns,
        TableConsents(lambda _: everybody, lambda _: everybody),
        AudienceContext(
            zone=UTC_ZONE, bands=(0.3, 0.7), currency="EUR", cards=(), secret=b"", effects=EffectSources(experiments)
        ),
        "1",
    ).answer.economics
    if economics is None:
        raise ValueError("Found no economics of an audience; expected them, since they were asked for.")
    return economics


def _draw_units(case: Case, record: Experiment, rng: np.random.Generator) -> Units:
    """Draw the customers of an experiment from the market, half of them with the offer."""
    market = Market.draw(case.shape, UNITS, rng)
    treated = rng.random(UNITS) < 0.5
    values = market.outcomes(treated, case.outcome, rng)
    label = record.outcome.label
    return Units(
        arms=record.arm_names,
        control=0,
        arm=treated.astype(np.int8),
        probabilities=np.full((UNITS, 2), 0.5),
        day=np.full(UNITS, day_number(STARTED_ON)),
        epoch=np.ones(UNITS, np.int64),
        age_days=np.full(UNITS, 61.0),
        segment=np.full(UNITS, -1, np.int8),
        segments=(),
        covariates=np.empty((UNITS, 0)),
        values={label: values},
        delay_days={label: np.where(values > 0, 3.0, np.inf)},
    )
