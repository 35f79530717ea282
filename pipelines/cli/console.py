"""What a person, or a program, is shown: progress on stderr, one summary on stdout."""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from numbers import Integral, Real
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from features.ingestion.ingest import Manifest
    from pipelines.home import Home
    from pipelines.steps.evaluate import Tested
    from pipelines.steps.publish import Published
    from pipelines.steps.run import Done
    from pipelines.steps.score import Scored
    from training.dataset.readiness import Readiness
    from training.evaluation.churn_rule_limits import Limit
    from training.evaluation.churn_rules import Judged
    from training.registry import Promotion

MEASURES = {
    "churn": ("auc", "average_precision", "brier", "ece"),
    "next_purchase": ("mae_days", "median_error_days", "within_3_days", "concordance", "ece_30d"),
    "by_category": ("lines", "came", "auc", "ece", "median_error_days", "mae_days"),
    "ltv": ("gini", "rmse", "mae", "bias", "decile_mape", "coverage_80"),
}

WIDTH = 120  # of a table in a file


def keep_warnings_off_the_screen() -> None:
    """Send Python's warnings to the log: deprecations inside libraries are not for those who run a command."""
    if not sys.warnoptions:
        logging.captureWarnings(capture=True)


class Screen:
    """Shows a command's progress and its result."""

    def __init__(self, *, machine: bool) -> None:
        self._machine = machine
        # What is shown is the shop's own text, and "[orders]" is no style.
        self._progress = Console(stderr=True, highlight=False, markup=False)
        self._out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDTH)
        self._begun = time.monotonic()

    def say(self, what: str) -> None:
        """One line of progress."""
        since = f"{time.monotonic() - self._begun:6.1f} s"
        self._progress.print(Text.assemble((since, "dim"), "  ", what), soft_wrap=True)

    def error(self, what: str) -> None:
        """Why the command stopped."""
        self._progress.print(Text.assemble(("error", "bold red"), "  ", what), soft_wrap=True)

    def readiness(self, found: Readiness, shop: str, rules: Sequence[Limit] = ()) -> None:
        """Question by question, what can be learned; and what the business' own churn rules cannot say."""
        laid = found.laid
        if self._machine:
            self._print({
                "as_of": laid.as_of, "first_day": laid.first, "origins": laid.origins,
                "learned_days": found.plan.learned, "churn_days": found.plan.churn_days,
                "tiers": found.tiers, "answers": [asdict(answer) for answer in found.answers],
                "notes": found.notes,
                "churn_rule_limits": [asdict(rule) for rule in rules],
            })  # fmt: skip
            return
        table = headed(
            f"{shop}: what can be learned as of {laid.as_of} ({laid.span} days of log)",
            "question", "days", "trainable", "highest rung", "customers", "did", "did not",
        )  # fmt: skip
        for one in found.answers:
            table.add_row(
                one.model, str(one.horizon_days), "yes" if one.trainable else "no", next(iter(one.tiers), "refused"),
                f"{one.customers:,}", f"{one.positives:,}", f"{one.negatives:,}",
            )  # fmt: skip
        self._out.print(table)
        for one in found.answers:
            if one.missing:
                self._out.print(f"{one.model}, {one.horizon_days} days: {one.missing}; {one.cure}.", soft_wrap=True)
        for note in found.notes:
            self._out.print(note, soft_wrap=True)
        self._limits(rules)

    def intake(self, manifest: Manifest) -> None:
        """What became of the raw log."""
        if self._machine:
            self._print({"tables": [asdict(intake) for intake in manifest.intakes], "source": manifest.source})
            return
        table = headed("The history", "table", "lines", "without customer", "exact duplicates", "kept", "customers")
        for one in manifest.intakes:
            counts = (one.lines, one.without_customer, one.duplicates, one.kept, one.customers)
            table.add_row(one.table, *(f"{count:,}" for count in counts))
        self._out.print(table)

    def published(self, done: Published, as_of: date) -> None:
        """What the online store holds."""
        if self._machine:
            self._print({"as_of": as_of, **asdict(done)})
            return
        self._out.print(f"{done.customers:,} customers are in the online store, as of {as_of}.")

    def trained(self, version: str, home: Home) -> None:
        """The release that waits."""
        manifest = ReleaseManifest.read(home.releases / version)
        if self._machine:
            self._print({"release": version, "model_versions": manifest.model_versions, "gate": asdict(manifest.gate)})
            return
        self._out.print(f"Release {version} is registered and waits for promotion.")
        for name, reason in manifest.gate.reasons.items():
            self._out.print(f"  {name:14} {reason}")

    def promoted(self, done: Promotion) -> None:
        """Who serves now."""
        if self._machine:
            self._print(asdict(done))
            return
        before = f" instead of {done.replaced}" if done.replaced else ""
        self._out.print(f"Release {done.version} serves{before}: {done.why}.")

    def scored(self, done: Scored) -> None:
        """Where the table is."""
        null = "ltv_* columns, rfm_monetary and rfm_segment"
        why = f"the log has no amounts, so the {null} are null" if done.without_amounts else ""
        if self._machine:
            self._print({**asdict(done), "note": why})
            return
        self._out.print(f"{done.customers:,} customers scored by release {done.release}: {done.path}")
        if why:
            self._out.print(f"Note: {why}.")

    def evaluation(self, tested: Tested) -> None:
        """Rungs and baselines side by side, origin by origin."""
        note = (
            "" if tested.tests else "no window after an origin is over yet: `flywheel readiness` says what is missing"
        )
        if self._machine:
            self._print({
                "scores": [asdict(score) for score in tested.scores],
                "churn_rules": [asdict(judged) for judged in tested.rules],
                "churn_rule_limits": [asdict(limit) for limit in tested.limits], "note": note,
            })  # fmt: skip
            return
        if note:
            self._out.print(f"Nothing could be tested: {note}.")
            return
        for name, measures in MEASURES.items():
            mine = [score for score in tested.scores if score.model == name]
            if not mine:
                continue
            shown = [one for one in measures if any(one in score.metrics for score in mine)]
            table = headed(name, "origin", "by", *shown)
            for score in mine:
                values = (_figure(score.metrics.get(one)) for one in shown)
                table.add_row(str(score.origin), score.who, *values, end_section=score is mine[-1])
            self._out.print(table)
        self._rules(tested.rules)
        self._limits(tested.limits)

    def _rules(self, judged: Sequence[Judged]) -> None:
        if not judged:
            return
        days, tier = judged[0].horizon_days, judged[0].tier
        table = headed(
            f"the rules in use beside {tier}, flagging as many of the same customers (churn: no order in {days} days)",
            "rule", "origin", "flags", "precision", "recall", "F1", f"{tier}\nprecision", f"{tier}\nrecall",
            "precision better\nby points, 95 %",
        )  # fmt: skip
        for one, following in zip(judged, [*judged[1:], None], strict=True):
            shares = (one.share, one.precision, one.recall, one.f1, one.model_precision, one.model_recall)
            gain = " to ".join(_points(end) for end in (one.precision_gain.low, one.precision_gain.high))
            last = following is None or following.rule != one.rule
            table.add_row(one.rule, str(one.origin or "all"), *map(_percent, shares), gain, end_section=last)
        self._out.print(table)

    def _limits(self, found: Sequence[Limit]) -> None:
        for one in found:
            self._out.print(f'rule "{one.rule}": {one.missing}; {one.cure}.', soft_wrap=True)

    def run(self, done: Done) -> None:
        """What one whole run did."""
        if self._machine:
            self._print({
                "as_of": done.readiness.laid.as_of, "trained": done.trained, "release": done.champion,
                "refused": done.refused, "customers": done.scored.customers, "scores": done.scored.path,
                "tables": [asdict(intake) for intake in done.manifest.intakes],
                "ltv": "the log has no amounts" if done.scored.without_amounts else "",
                "seconds": round(time.monotonic() - self._begun, 1),
            })  # fmt: skip
            return
        self.intake(done.manifest)
        if done.refused:
            self._out.print(f"Release {done.trained} was refused; release {done.champion} goes on serving.")
        self.scored(done.scored)

    def _print(self, summary: Mapping[str, object]) -> None:
        print(json.dumps(_plain(summary), allow_nan=False))  # noqa: T201 -- the one line that programs read


def headed(title: str, *columns: str) -> Table:
    """A table as every command shows it; spaces for the underscores of its columns."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in {"origin", "by"})
    return table


def _figure(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"


def _points(share: float) -> str:
    return "n/a" if math.isnan(share) else f"{100 * share:+.1f}"


def _plain(value: object) -> object:
    """The value as JSON can hold it: no NaN, no dates, no paths."""
    match value:
        case None | bool() | str():
            return value
        case Integral():
            return int(value)
        case Real():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case Iterable():
            return [_plain(one) for one in value]
    return str(value)
