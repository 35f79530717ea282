"""Review: the contents of a candidate's page in MLflow, on which a person decides about its promotion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.champion import CHAMPION, forecast_rows, load_champion
from pipelines.registration.champion_review import MEAN, ChampionReview
from training.evaluation.flagged import FlaggedCustomers, flagged_customers
from training.models import MODEL_ORDER, MODELS
from training.reporting.release_page import QuestionResult, ReleasePage, median
from training.totals import PredictedTotal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN, RECENCY = "this release", "longest without an order"
TOP_SHARE = 0.1  # flagged where no rule says how many


@dataclass(frozen=True)
class Review:
    """The review of one candidate."""

    candidate: ReleaseCandidate

    @cached_property
    def beside(self) -> ChampionReview:
        """The candidate beside the release that serves."""
        return ChampionReview(self.candidate, load_champion(self.candidate.context))

    def page(self, version: str, model_versions: Mapping[str, str], figures: Mapping[str, str]) -> ReleasePage:
        """The page of the release under its version, with links to its models, and figures by caption -> address."""
        gate, beside = self.candidate.gate, self.beside
        return ReleasePage(
            version=version,
            champion=None if beside.champion is None else beside.champion.version,
            passed=gate.passed,
            reasons=[*self._objections(), *(f"`{name}` {reason}" for name, reason in gate.reasons.items())],
            questions=[self._question(name, model_versions[name]) for name in MODEL_ORDER],
            reference=beside.reference,
            flagged=sorted(self._flag_counts(), key=lambda flagged: -flagged.f1),
            totals=list(self._totals()),
            bands=beside.bands,
            without_bands=beside.without_bands,
            drift=beside.drift(),
            data=self._data(),
            figures=figures,
        )

    def figures(self) -> dict[str, Figure]:
        """The figures of the release's own run, by file name."""
        from training.reporting import figures

        compared = [found for name in MODEL_ORDER if (found := self.beside.comparisons.get(name))]
        reference = compared[0].reference if compared else MEAN
        gains = figures.paired_gains([each.model for each in compared], [each.relative for each in compared], reference)
        if self.beside.bands is None:
            return {"paired_gains": gains}
        thresholds, changed = self.candidate.release_metadata().bands, self.beside.bands.changed_customers
        return {
            "paired_gains": gains,
            "band_changes": figures.band_changes(*self.beside.probabilities, thresholds, changed),
        }

    def _objections(self) -> Iterator[str]:
        gate = self.candidate.gate
        yield from (f"refuted: {sentence}" for sentence in gate.refutations)
        yield from (f"the champion answers {name} surely better" for name in gate.regressions)
        yield from (f"{code}: {sentence.removesuffix('.')}" for code, sentence in gate.implausible.items())

    def _question(self, name: str, version: str) -> QuestionResult:
        model = MODELS[name]
        by_contestant: dict[str, list[float]] = {}
        for score in (score for score in self.candidate.backtest_result.scores if score.model == name):
            by_contestant.setdefault(score.contestant, []).append(score.metrics.get(model.headline, float("nan")))
        own = median(by_contestant.pop(self.candidate.tested_tier, []))
        medians = {contestant: median(values) for contestant, values in by_contestant.items()}
        finite = {contestant: value for contestant, value in medians.items() if np.isfinite(value)}
        sign = 1 if model.higher_is_better else -1
        best = max(finite, key=lambda contestant: sign * finite[contestant], default="none")
        return QuestionResult(
            name=name,
            version=version,
            metric=model.headline,
            higher_is_better=model.higher_is_better,
            release=own,
            champion=self._champion_headline(name),
            baseline=best,
            baseline_value=finite.get(best, float("nan")),
            comparison=self.beside.comparisons.get(name),
        )

    def _champion_headline(self, name: str) -> float | None:
        """The champion's headline metric in its own back-test."""
        champion = self.beside.champion
        cards: Sequence[Mapping[str, Any]] = [] if champion is None else champion.cards
        for card in (card for card in cards if card["name"] == name):
            rows = [row for row in card["metrics"] if row["contestant"] == card["tier"]]
            values = [value for row in rows if (value := row.get(MODELS[name].headline)) is not None]
            return median(values) if values else None
        return None

    def _flag_counts(self) -> Iterator[FlaggedCustomers]:
        """At the newest origin: as many as each rule flags; without a rule, the tenth that is likeliest to leave."""
        for test in self.candidate.backtest_result.tests[:1]:
            days = test.plan.evaluated_churn_days
            scores = {OWN: 1 - test.forecasts[self.candidate.tested_tier].order_probability(days)}
            if test in self.beside.unseen_tests and self.beside.champion is not None:
                scores[CHAMPION] = 1 - forecast_rows(self.beside.champion, test.rows).order_probability(days)
            scores[RECENCY] = test.rows.column("recency_days")
            rules = {name: flags for name, flags in self.candidate.backtest_result.rule_flags.items() if flags.sum()}
            for name, flags in rules.items():
                yield flagged_customers(test, scores, {f"your rule “{name}”": flags}, int(flags.sum()))
            if not rules:
                yield flagged_customers(test, scores, {}, max(1, round(TOP_SHARE * len(test.rows))))

    def _totals(self) -> Iterator[str]:
        """What the newest origin says of each total, at its longest horizon."""
        for test in self.candidate.backtest_result.tests[:1]:
            forecast, longest = test.forecasts[self.candidate.tested_tier], dict[str, PredictedTotal]()
            totals = [
                total for name in MODEL_ORDER for total in MODELS[name].totals(test.rows.outcomes, test.plan, forecast)
            ]
            for total in sorted(totals, key=lambda total: total.horizon_days):
                if not np.isnan(total.actual).all():
                    longest[total.measure] = total
            for measure, total in longest.items():
                predicted, actual = total.mean.sum(), np.nansum(total.actual)
                within = f"within {total.horizon_days} days"
                yield f"At {test.origin} {predicted:,.0f} {measure} were predicted {within}, {actual:,.0f} came."

    def _data(self) -> list[str]:
        context, trained_on = self.candidate.context, self.beside.trained_on
        origins = ", ".join(map(str, context.schedule.origins)) or "none yet"
        sentences = [
            context.log_summary.sentence(context.config.currency),
            f"Trained on {len(context.cutoffs)} cutoffs from {context.schedule.cutoffs[0]} to {context.as_of}.",
            f"Tested at the origins {origins}.",
        ]
        if trained_on is None:
            return sentences
        return [*sentences, champion_window(context.as_of, trained_on)]


def champion_window(as_of: date, trained_on: date) -> str:
    """How much of the log the champion knows beside this release, as a sentence."""
    days = (as_of - trained_on).days
    if days == 0:
        return f"The champion knows the same days, until {trained_on}."
    unit = "day" if abs(days) == 1 else "days"
    return f"The champion knows {abs(days)} {unit} {'less' if days > 0 else 'more'}, until {trained_on}."
