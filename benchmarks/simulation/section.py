"""Section of simulated logs: what each shows, our figures beside the anchors', the bars, and every sure loss."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.accuracy.paired_comparison import BOOTSTRAP_DRAWS
from benchmarks.reporting.bars_table import bars_table, count_bars
from benchmarks.reporting.markdown import format_number, table
from benchmarks.simulation.bars import SIMULATED_BARS
from benchmarks.simulation.log_result import LogResult
from benchmarks.simulation.situations import SITUATIONS
from pipelines.registration.lineage import git_commit

TITLE = "Simulated logs"
ANCHORS = ("recency", "frequency", "BG/NBD of lifetimes", "Pareto/NBD of lifetimes", "ridge regression", "past spend")
MEASURES = ("AUC", "Brier", "log loss", "Poisson deviance", "Tweedie deviance", "Gini")

SHOWN_BARS = "Listed are those of single logs; of those that hold for every log, the missed ones."


def render_section(results: Sequence[LogResult]) -> str:
    """Render the section; logs without answers are named first."""
    answered = [result for result in results if not result.failure]
    bars = [bar_result for result in answered for bar_result in result.bars]
    shown = [bar_result for bar_result in bars if bar_result.bar in SIMULATED_BARS or not bar_result.is_met]
    parts = [
        _describe_method(),
        *_failures(results),
        f"### What they show\n\n{_situations_table(answered)}",
        f"### Bars of simulated logs\n\n{count_bars(bars)} {SHOWN_BARS}\n\n{bars_table(shown)}",
        f"### Losses on simulated logs\n\n{_losses_table(answered)}",
        f"### Beside the anchors\n\n{_anchors_table(answered)}",
        f"### Totals and calibration\n\n{_totals_table(answered)}",
        *_remarks(answered),
    ]
    return f"## {TITLE}\n\n" + "\n\n".join(parts)


def _describe_method() -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`: the whole product from the raw log to "
        "the scores table, on one thread, and the scores judged by the orders of the horizon after the cut. The "
        "processes are in `benchmarks/simulation`. BG/NBD, Pareto/NBD and Gamma-Gamma are those of lifetimes; the "
        "ridge regression is scikit-learn's on about 25 columns, a logistic one for P(order) and a Poisson one for "
        f"orders. Lost is what the paired bootstrap over customers ({BOOTSTRAP_DRAWS} draws, 95 %) calls worse."
    )


def _failures(results: Sequence[LogResult]) -> list[str]:
    failures = [f"- {result.log}: {result.failure.strip().splitlines()[-1]}" for result in results if result.failure]
    return ["### Logs without answers\n\n" + "\n".join(failures)] if failures else []


def _situations_table(results: Sequence[LogResult]) -> str:
    rows = []
    for result in results:
        situation = SITUATIONS[result.log]
        tiers = ", ".join(f"{model} {tier}" for model, tier in result.tiers.items())
        rows.append((
            result.log, str(situation.cut_day), str(situation.horizon), situation.meaning, f"{result.customers:,}",
            tiers, f"{result.seconds:.0f}",
        ))  # fmt: skip
    return table(("log", "cut day", "horizon", "what it shows", "customers", "answered by", "seconds"), rows)


def _losses_table(results: Sequence[LogResult]) -> str:
    rows = [
        (
            result.log, loss.measure, loss.baseline, format_number(loss.value), format_number(loss.baseline_value),
            f"{format_number(loss.low)} to {format_number(loss.high)}",
        )
        for result in results
        for loss in result.losses
    ]  # fmt: skip
    return table(("log", "measure", "baseline", "ours", "baseline's", "better by, 95 %"), rows) if rows else "None."


def _anchors_table(results: Sequence[LogResult]) -> str:
    rows = []
    for result in results:
        for measure in MEASURES:
            values = {
                comparison.baseline: format_number(comparison.baseline_value)
                for comparison in result.comparisons
                if comparison.measure == measure
            }
            if values:
                ours = f"**{format_number(result.figures[measure])}**"
                rows.append((result.log, measure, ours, *(values.get(anchor, "") for anchor in ANCHORS)))
    return table(("log", "measure", "ours", *ANCHORS), rows)


def _totals_table(results: Sequence[LogResult]) -> str:
    names = ("ECE", "rank agreement", "buyers", "orders", "revenue")
    rows = [
        (
            result.log,
            *(_figure(result, name) for name in names),
            *(_interval(result, total) for total in ("buyers", "revenue")),
        )
        for result in results
    ]
    covered = [
        result.figures[name] for result in results for name in ("buyers covered", "revenue covered")
        if name in result.figures
    ]  # fmt: skip
    share = f"{sum(covered) / len(covered):.0%} of {len(covered)}" if covered else "none"
    note = (
        "Totals are predicted over actual; rank agreement is the rank correlation of P(order in 30 days) and P(order "
        f"in the horizon). The 80 % intervals, over the actual total, cover {share}; those that do not are bold."
    )
    head = ("log", *names, "interval of buyers", "interval of revenue")
    return f"{note}\n\n{table(head, rows)}"


def _figure(result: LogResult, name: str) -> str:
    return format_number(result.figures.get(name))


def _interval(result: LogResult, total: str) -> str:
    if f"{total} p10" not in result.figures:
        return ""
    text = f"{result.figures[f'{total} p10']:.2f} to {result.figures[f'{total} p90']:.2f}"
    return text if result.figures[f"{total} covered"] else f"**{text}**"


def _remarks(results: Sequence[LogResult]) -> list[str]:
    remarks = [f"- {result.log}: {remark}" for result in results for remark in result.remarks]
    return ["### Contradictions and refusals\n\n" + "\n".join(remarks)] if remarks else []
