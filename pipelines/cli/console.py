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
    from features.ingestion.ingest import HistoryManifest
    from pipelines.home import Home
    from pipelines.steps.evaluate import BacktestResult
    from pipelines.steps.publish import PublishSummary
    from pipelines.steps.run import RunSummary
    from pipelines.steps.score import ScoreSummary
    from training.dataset.readiness import Readiness
    from training.evaluation.churn_rule_limits import RuleLimit
    from training.evaluation.churn_rules import RuleResult
    from training.registry import Promotion

TABLE_WIDTH = 120  # of a table in a file


def capture_warnings() -> None:
    """Send Python's warnings to the log: deprecations inside libraries are not for those who run a command."""
    if not sys.warnoptions:
        logging.captureWarnings(capture=True)


class CommandConsole:
    """Shows a command's progress and its result."""

    def __init__(self, *, json_output: bool) -> None:
        self._json_output = json_output
        # What is shown is the shop's own text, and "[orders]" is no style.
        self._progress = Console(stderr=True, highlight=False, markup=False)
        self._out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else TABLE_WIDTH)
        self._started_at = time.monotonic()

    def report(self, message: str) -> None:
        """One line of progress."""
        since = f"{time.monotonic() - self._started_at:6.1f} s"
        self._progress.print(Text.assemble((since, "dim"), "  ", message), soft_wrap=True)

    def show_error(self, message: str) -> None:
        """Why the command stopped."""
        self._progress.print(Text.assemble(("error", "bold red"), "  ", message), soft_wrap=True)

    def show_readiness(self, readiness: Readiness, shop_name: str, rule_limits: Sequence[RuleLimit] = ()) -> None:
        """Question by question, what can be learned; and what the business' own churn rules cannot say."""
        laid = readiness.schedule
        if self._json_output:
            self._print_json({
                "as_of": laid.as_of, "first_day": laid.first, "origins": laid.origins,
                "learned_days": readiness.plan.learned, "churn_days": readiness.plan.churn_days,
                "tiers": readiness.tiers, "answers": [asdict(answer) for answer in readiness.answers],
                "notes": readiness.notes,
                "churn_rule_limits": [asdict(rule) for rule in rule_limits],
            })  # fmt: skip
            return
        table = titled_table(
            f"{shop_name}: what can be learned as of {laid.as_of} ({laid.span} days of log)",
            "question", "days", "trainable", "highest rung", "customers", "did", "did not",
        )  # fmt: skip
        for one in readiness.answers:
            table.add_row(
                one.model, str(one.horizon_days), "yes" if one.trainable else "no", next(iter(one.tiers), "refused"),
                f"{one.customers:,}", f"{one.positives:,}", f"{one.negatives:,}",
            )  # fmt: skip
        self._out.print(table)
        for one in readiness.answers:
            if one.missing:
                self._out.print(f"{one.model}, {one.horizon_days} days: {one.missing}; {one.remedy}.", soft_wrap=True)
        for note in readiness.notes:
            self._out.print(note, soft_wrap=True)
        self._show_rule_limits(rule_limits)

    def show_ingestion(self, manifest: HistoryManifest) -> None:
        """What became of the raw log."""
        if self._json_output:
            self._print_json({"tables": [asdict(intake) for intake in manifest.tables], "source": manifest.source})
            return
        table = titled_table(
            "The history", "table", "lines", "without customer", "exact duplicates", "kept", "customers"
        )
        for one in manifest.tables:
            counts = (one.lines, one.without_customer, one.duplicates, one.written, one.customers)
            table.add_row(one.table, *(f"{count:,}" for count in counts))
        self._out.print(table)

    def show_publish_summary(self, summary: PublishSummary, as_of: date) -> None:
        """What the online store holds."""
        if self._json_output:
            self._print_json({"as_of": as_of, **asdict(summary)})
            return
        self._out.print(f"{summary.customers:,} customers are in the online store, as of {as_of}.")

    def show_trained_release(self, version: str, home: Home) -> None:
        """The release that waits."""
        manifest = ReleaseManifest.read(home.releases / version)
        if self._json_output:
            self._print_json(
                {"release": version, "model_versions": manifest.model_versions, "gate": asdict(manifest.gate)}
            )
            return
        self._out.print(f"Release {version} is registered and waits for promotion.")
        for name, reason in manifest.gate.reasons.items():
            self._out.print(f"  {name:14} {reason}")

    def show_promotion(self, promotion: Promotion) -> None:
        """Who serves now."""
        if self._json_output:
            self._print_json(asdict(promotion))
            return
        before = f" instead of {promotion.replaced}" if promotion.replaced else ""
        self._out.print(f"Release {promotion.version} serves{before}: {promotion.why}.")

    def show_score_summary(self, summary: ScoreSummary) -> None:
        """Where the table is."""
        null = "ltv_* columns, rfm_monetary and rfm_segment"
        why = f"the log has no amounts, so the {null} are null" if summary.without_amounts else ""
        if self._json_output:
            self._print_json({**asdict(summary), "note": why})
            return
        self._out.print(f"{summary.customers:,} customers scored by release {summary.release}: {summary.path}")
        if why:
            self._out.print(f"Note: {why}.")

    def show_backtest(self, backtest_result: BacktestResult) -> None:
        """Rungs and baselines side by side, origin by origin."""
        note = (
            ""
            if backtest_result.tests
            else "no window after an origin is over yet: `flywheel readiness` says what is missing"
        )
        if self._json_output:
            self._print_json({
                "scores": [asdict(score) for score in backtest_result.scores],
                "churn_rules": [asdict(judged) for judged in backtest_result.rule_results],
                "churn_rule_limits": [asdict(limit) for limit in backtest_result.rule_limits], "note": note,
            })  # fmt: skip
            return
        if note:
            self._out.print(f"Nothing could be tested: {note}.")
            return
        from training.evaluation.backtest import shown_metrics

        for name, measures in shown_metrics():
            mine = [score for score in backtest_result.scores if score.model == name]
            if not mine:
                continue
            shown = [one for one in measures if any(one in score.metrics for score in mine)]
            table = titled_table(name, "origin", "by", *shown)
            for score in mine:
                values = (_format_number(score.metrics.get(one)) for one in shown)
                table.add_row(str(score.origin), score.contestant, *values, end_section=score is mine[-1])
            self._out.print(table)
        self._show_rule_results(backtest_result.rule_results)
        self._show_rule_limits(backtest_result.rule_limits)

    def _show_rule_results(self, rule_results: Sequence[RuleResult]) -> None:
        if not rule_results:
            return
        days, tier = rule_results[0].horizon_days, rule_results[0].tier
        table = titled_table(
            f"the rules in use beside {tier}, flagging as many of the same customers (churn: no order in {days} days)",
            "rule", "origin", "flags", "precision", "recall", "F1", f"{tier}\nprecision", f"{tier}\nrecall",
            "precision better\nby points, 95 %",
        )  # fmt: skip
        for one, following in zip(rule_results, [*rule_results[1:], None], strict=True):
            shares = (one.share, one.precision, one.recall, one.f1, one.model_precision, one.model_recall)
            gain = " to ".join(_format_points(end) for end in (one.precision_gain.low, one.precision_gain.high))
            last = following is None or following.rule != one.rule
            table.add_row(one.rule, str(one.origin or "all"), *map(_format_percent, shares), gain, end_section=last)
        self._out.print(table)

    def _show_rule_limits(self, rule_limits: Sequence[RuleLimit]) -> None:
        for one in rule_limits:
            self._out.print(f'rule "{one.rule}": {one.missing}; {one.remedy}.', soft_wrap=True)

    def show_run_summary(self, run_summary: RunSummary) -> None:
        """What one whole run did."""
        if self._json_output:
            self._print_json({
                "as_of": run_summary.readiness.schedule.as_of, "trained": run_summary.trained_version, "release": run_summary.champion,
                "refused": run_summary.refusal, "customers": run_summary.score_summary.customers, "scores": run_summary.score_summary.path,
                "tables": [asdict(intake) for intake in run_summary.manifest.tables],
                "ltv": "the log has no amounts" if run_summary.score_summary.without_amounts else "",
                "seconds": round(time.monotonic() - self._started_at, 1),
            })  # fmt: skip
            return
        self.show_ingestion(run_summary.manifest)
        if run_summary.refusal:
            self._out.print(
                f"Release {run_summary.trained_version} was refused; release {run_summary.champion} goes on serving."
            )
        self.show_score_summary(run_summary.score_summary)

    def _print_json(self, summary: Mapping[str, object]) -> None:
        print(json.dumps(_to_json_value(summary), allow_nan=False))  # noqa: T201 -- the one line that programs read


def titled_table(title: str, *columns: str) -> Table:
    """A table as every command shows it; spaces for the underscores of its columns."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in {"origin", "by"})
    return table


def _format_number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _format_percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"


def _format_points(share: float) -> str:
    return "n/a" if math.isnan(share) else f"{100 * share:+.1f}"


def _to_json_value(value: object) -> object:
    """The value as JSON can hold it: no NaN, no dates, no paths."""
    match value:
        case None | bool() | str():
            return value
        case Integral():
            return int(value)
        case Real():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {str(key): _to_json_value(one) for key, one in value.items()}
        case Iterable():
            return [_to_json_value(one) for one in value]
    return str(value)
