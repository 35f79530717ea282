"""Console: progress on stderr, and one summary on stdout, as text or as JSON."""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from numbers import Integral, Real
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from pipelines.cli.expected_totals import expected_total_lines
from pipelines.cli.plausibility import log_days, log_row, note_lines, note_rows
from pipelines.cli.tables import churn_rule_table, format_number, ingestion_table, titled_table
from pipelines.diagnostics.masking import mask_password
from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from features.ingestion.manifest import HistoryManifest
    from features.plausibility_note import PlausibilityNote
    from pipelines.home import Home
    from pipelines.registration.backtest_result import BacktestResult
    from pipelines.run_context import RunContext
    from pipelines.steps.publish import PublishSummary
    from pipelines.steps.run import RunSummary
    from pipelines.steps.score import ScoreSummary
    from training.evaluation.churn_rule_limits import RuleLimit
    from training.registry import Promotion

TABLE_WIDTH = 120  # columns of a table that is written to a file or pipe


def capture_warnings() -> None:
    """Send Python warnings to the log, so that deprecations inside libraries do not reach users of a command."""
    if not sys.warnoptions:
        logging.captureWarnings(capture=True)


class CommandConsole:
    """Prints a command's progress and its result."""

    def __init__(self, *, json_output: bool) -> None:
        self._json_output = json_output
        # Markup is off: "[orders]" in a message is text, not a style.
        self._progress = Console(stderr=True, highlight=False, markup=False)
        self._out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else TABLE_WIDTH)
        self._started_at = time.monotonic()

    def report(self, message: str) -> None:
        """Print one line of progress with the elapsed seconds."""
        elapsed = f"{time.monotonic() - self._started_at:6.1f} s"
        self._progress.print(Text.assemble((elapsed, "dim"), "  ", mask_password(message)), soft_wrap=True)

    def show_notice(self, message: str) -> None:
        """Print one line on stderr, without the elapsed seconds."""
        self._progress.print(Text(message), soft_wrap=True)

    def show_error(self, message: str) -> None:
        """Print why the command stopped; the password of an address in it is masked."""
        self._progress.print(Text.assemble(("error", "bold red"), "  ", mask_password(message)), soft_wrap=True)

    def show_readiness(self, context: RunContext) -> None:
        """Print the log and its plausibility, what can be trained, and the limits of the churn rules."""
        readiness, shop_name, rule_limits = context.readiness, context.config.name, context.rule_limits
        schedule = readiness.schedule
        if self._json_output:
            self._print_json({
                "as_of": schedule.as_of, "first_day": schedule.first, "origins": schedule.origins,
                "learned_days": readiness.plan.learned, "churn_days": readiness.plan.churn_days,
                "tier": readiness.tier, "answers": [asdict(answer) for answer in readiness.answers],
                "notes": readiness.notes,
                "log": log_row(context.log_summary), "plausibility": note_rows(context.plausibility),
                "churn_rule_limits": [asdict(limit) for limit in rule_limits],
            })  # fmt: skip
            return
        self._out.print(context.log_summary.sentence(context.config.currency), soft_wrap=True)
        self._show_notes(context.plausibility)
        table = titled_table(
            f"{shop_name}: what can be learned as of {schedule.as_of} ({log_days(schedule.span, context.silence)})",
            "model", "days", "trainable", "tier", "customers", "positives", "negatives",
        )  # fmt: skip
        for answer in readiness.answers:
            table.add_row(
                answer.model, str(answer.horizon_days), "yes" if answer.trainable else "no",
                answer.tier or "refused",
                f"{answer.customers:,}", f"{answer.positives:,}", f"{answer.negatives:,}",
            )  # fmt: skip
        self._out.print(table)
        for answer in readiness.answers:
            if answer.missing:
                self._out.print(
                    f"{answer.model}, {answer.horizon_days} days: {answer.missing}; {answer.remedy}.", soft_wrap=True
                )
        for note in readiness.notes:
            self._out.print(note, soft_wrap=True)
        self._show_rule_limits(rule_limits)

    def show_ingestion(self, manifest: HistoryManifest, notes: Sequence[PlausibilityNote]) -> None:
        """Print the row counts of each ingested table, and what looks implausible in them."""
        if self._json_output:
            self._print_json({
                "tables": [asdict(summary) for summary in manifest.tables], "source": manifest.source,
                "plausibility": note_rows(notes),
            })  # fmt: skip
            return
        self._out.print(ingestion_table(manifest.tables))
        self._show_notes(notes)

    def show_publish_summary(self, summary: PublishSummary, as_of: date) -> None:
        """Print how many customers the online store holds."""
        if self._json_output:
            self._print_json({"as_of": as_of, **asdict(summary)})
            return
        self._out.print(f"{summary.customers:,} customers are in the online store, as of {as_of}.")
        self._out.print(f"The last order line before it is of {summary.log_until}.")

    def show_trained_release(self, version: str, home: Home) -> None:
        """Print the trained release and the gate's reason for each model."""
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
        """Print the release that serves now."""
        if self._json_output:
            self._print_json(asdict(promotion))
            return
        replaced = f" instead of {promotion.replaced}" if promotion.replaced else ""
        self._out.print(f"Release {promotion.version} serves{replaced}: {promotion.why}.")

    def show_score_summary(self, summary: ScoreSummary) -> None:
        """Print where the scores table is."""
        null_columns = "ltv_* columns, rfm_monetary and rfm_segment"
        note = f"the log has no amounts, so the {null_columns} are null" if summary.without_amounts else ""
        if self._json_output:
            self._print_json({**asdict(summary), "note": note})
            return
        self._out.print(f"{summary.customers:,} customers scored by release {summary.release}: {summary.path}")
        self._out.print(f"The last order line that they know is of {summary.log_until}.")
        if note:
            self._out.print(f"Note: {note}.")

    def show_backtest(self, backtest_result: BacktestResult) -> None:
        """Print tiers and baselines side by side, one table per model."""
        note = (
            ""
            if backtest_result.tests
            else "no window after an origin is over yet: `flywheel readiness` says what is missing"
        )
        if self._json_output:
            self._print_json({
                "scores": [asdict(score) for score in backtest_result.scores],
                "churn_rules": [asdict(result) for result in backtest_result.rule_results],
                "churn_rule_limits": [asdict(limit) for limit in backtest_result.rule_limits], "note": note,
            })  # fmt: skip
            return
        if note:
            self._out.print(f"Nothing could be tested: {note}.")
            return
        from training.evaluation.backtest import shown_metrics

        for name, measures in shown_metrics():
            model_scores = [score for score in backtest_result.scores if score.model == name]
            if not model_scores:
                continue
            shown = [measure for measure in measures if any(measure in score.metrics for score in model_scores)]
            table = titled_table(name, "origin", "by", *shown)
            for score in model_scores:
                values = (format_number(score.metrics.get(measure)) for measure in shown)
                table.add_row(str(score.origin), score.contestant, *values, end_section=score is model_scores[-1])
            self._out.print(table)
        if backtest_result.rule_results:
            self._out.print(churn_rule_table(backtest_result.rule_results))
        self._show_rule_limits(backtest_result.rule_limits)

    def _show_rule_limits(self, rule_limits: Sequence[RuleLimit]) -> None:
        for limit in rule_limits:
            self._out.print(f'rule "{limit.rule}": {limit.missing}; {limit.remedy}.', soft_wrap=True)

    def show_run_summary(self, run_summary: RunSummary) -> None:
        """Print the result of ``flywheel run``."""
        scores, expected = run_summary.score_summary, run_summary.expected
        if self._json_output:
            self._print_json({
                "as_of": run_summary.readiness.schedule.as_of,
                "trained": run_summary.trained_version, "release": run_summary.champion, "refused": run_summary.refusal,
                "promote": run_summary.promote_command,
                "gate": asdict(run_summary.gate), "warnings": run_summary.warnings,
                "log": log_row(run_summary.log), "plausibility": note_rows(run_summary.plausibility),
                "customers": scores.customers if scores else 0, "scores": scores and scores.path,
                "tables": [asdict(summary) for summary in run_summary.manifest.tables],
                "expected": expected and {
                    name: total and total.model_dump(mode="json") for name, total in expected.by_measure.items()
                },
                "ltv": "the log has no amounts" if run_summary.log.amount is None else "",
                "seconds": round(time.monotonic() - self._started_at, 1),
            })  # fmt: skip
            return
        self.show_ingestion(run_summary.manifest, run_summary.plausibility)
        if run_summary.refusal:
            champion = f"release {run_summary.champion} goes on serving" if scores else "no release serves yet"
            self._out.print(f"Release {run_summary.trained_version} was refused; {champion}.")
        if run_summary.promote_command:
            waiting = f"Release {run_summary.trained_version} waits for promotion"
            self._out.print(f"{waiting}: {run_summary.promote_command}", soft_wrap=True)
        if scores:
            self.show_score_summary(scores)
        for warning in run_summary.warnings:
            self._out.print(warning, soft_wrap=True)
        if expected:
            for line in expected_total_lines(
                expected.conversions, expected.orders, expected.revenue, run_summary.currency
            ):
                self._out.print(line, soft_wrap=True)

    def _show_notes(self, notes: Sequence[PlausibilityNote]) -> None:
        for line in note_lines(notes):
            self._out.print(line, soft_wrap=True)

    def _print_json(self, summary: Mapping[str, object]) -> None:
        print(json.dumps(_to_json_value(summary), allow_nan=False))  # noqa: T201 -- the line that programs parse


def _to_json_value(value: object) -> object:
    """Convert a value to JSON types: NaN and infinity become null, instants, dates and paths become text."""
    match value:
        case None | bool() | str():
            return value
        case Integral():
            return int(value)
        case Real():
            return float(value) if math.isfinite(value) else None
        case Mapping():
            return {str(key): _to_json_value(item) for key, item in value.items()}
        case Iterable():
            return [_to_json_value(item) for item in value]
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
