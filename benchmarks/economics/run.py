"""Economics benchmark: planted offers whose profit is known, and the value at stake beside what came.

``python -m benchmarks.economics.run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.datasets import available_logs
from benchmarks.economics.planted_market import BASKET, DAYS
from benchmarks.economics.planted_offer import (
    AUDIENCE,
    CASES,
    CONTACT_COST,
    MARGIN,
    OFFER_COST,
    UNITS,
    CaseResult,
    measure_case,
)
from benchmarks.economics.speed import SpeedRow, measure_speed
from benchmarks.economics.value_curves import ValueCurve, value_curves
from benchmarks.reporting.markdown import format_met, replace_section, table
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit
from pipelines.steps import evaluate

TITLE = "Economics"
RUNS, CUSTOMERS = 1_000, 1_000_000
LOG, WINDOW_DAYS = "complete-journey", 91
MIN_COVERED, MIN_NULL = 0.90, 0.95  # asked
MAX_MILLISECONDS = 60.0
OFFERS = (
    f"An experiment on {UNITS:,} customers of a simulated market, half of them with a voucher of {OFFER_COST:.0f}, is "
    f"judged as every other one, and its effect is the basis of the profit of contacting {AUDIENCE:,} others, at a "
    f"margin of {MARGIN:.0%}, {CONTACT_COST} a contact and baskets of {BASKET:.0f} on average; the forecasts of the "
    f"market are perfect, the window has {DAYS} days. *Even*: the voucher adds .06 orders to everybody. *Correlated*: "
    "it moves those most who order rarely and little, so that an order which it adds is worth less than the average "
    "one of the same people: an experiment that measures orders cannot see that, one that measures spend can. *Null*: "
    "it does nothing. *Gain* is a profit whose whole interval is above 0."
)
CURVES = (
    f"The forecast of spend in the {WINDOW_DAYS} days after each origin, over what came, for the first tenths of the "
    "customers in two orders. The margin is a share of both sides and changes nothing. *Error of the tenths* is the "
    "sum of the absolute errors of the ten tenths, one by one, over the total that came."
)
TIMES = (
    "Added to an audience of {customers:,} customers: processor time, best of five. Other programs share the "
    "machine: what is below 0 is noise."
)


def main() -> None:
    """Run the economics benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.economics.run", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the home here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--runs", type=int, default=RUNS, help="experiments of each planted offer")
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="customers of the measurement of time")
    arguments = parser.parse_args()
    capture_warnings()
    with tempfile.TemporaryDirectory(prefix="flywheel-economics-") as scratch:
        curves = measure_curves(arguments.work or Path(scratch), CommandConsole(json_output=False))
        speeds = measure_speed(Path(scratch), arguments.customers)
    results = [measure_case(case, arguments.runs) for case in CASES]
    text = section(results, curves, speeds, arguments.customers)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the tables are the result


def measure_curves(work: Path, console: CommandConsole) -> list[ValueCurve]:
    """Back-test Complete Journey, and compare its value curves; none where the log is not there."""
    logs = [log for log in available_logs() if log.name == LOG]
    tests = [test for log in logs for test in evaluate.run_backtest(log.run_context(work, console.report)).tests]
    return [curve for test in tests for curve in value_curves(test, WINDOW_DAYS)]


def section(
    results: Sequence[CaseResult], curves: Sequence[ValueCurve], speeds: Sequence[SpeedRow], customers: int
) -> str:
    """Render the section of the page."""
    measured = f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`: {results[0].runs:,} runs a row."
    return "\n\n".join([
        f"## {TITLE}\n\n{measured}",
        f"### Planted offers\n\n{OFFERS}\n\n{_offers_table(results)}",
        f"### Value at stake and what came\n\n{CURVES}\n\n{_curves_table(curves)}",
        f"### Time\n\n{TIMES.format(customers=customers)}\n\n{_speed_table(speeds)}",
    ])  # fmt: skip


def _offers_table(results: Sequence[CaseResult]) -> str:
    rows = [
        (
            result.case.shape, result.case.outcome, result.case.paid, f"{result.true_profit:,.0f}",
            f"{result.mean_profit:,.0f}", f"{result.half_width:,.0f}", f"{result.covered:.1%}",
            f"{result.margin_covers_zero:.1%}", f"{result.gain:.1%}", format_met(_is_met(result)),
        )
        for result in results
    ]  # fmt: skip
    head = (
        "effect", "measured", "voucher paid", "true profit", "mean profit told", "half-width", "true one covered",
        "0 in the interval of the margin added", "gain", "met",
    )  # fmt: skip
    return table(head, rows)


def _is_met(result: CaseResult) -> bool:
    if result.case.shape == "null":
        return 1 - result.gain >= MIN_NULL and result.covered >= MIN_COVERED
    return result.covered >= MIN_COVERED


def _curves_table(curves: Sequence[ValueCurve]) -> str:
    if not curves:
        return f"Not measured: the log {LOG} is not there."
    rows = [
        (
            curve.origin, curve.order, f"{curve.actual[-1]:,.0f}",
            *(f"{ratio:.2f}" for ratio in curve.ratios[[0, 1, 2, 4, 6, 9]]), f"{curve.tenth_error:.1%}",
        )
        for curve in curves
    ]  # fmt: skip
    head = (
        "origin", "order", "spend that came", "forecast over actual, first tenth", "two tenths", "three", "five",
        "seven", "all", "error of the tenths",
    )  # fmt: skip
    return table(head, rows)


def _speed_table(speeds: Sequence[SpeedRow]) -> str:
    rows = [
        (row.name, f"{row.audience:.0f} ms", f"{row.added:.0f} ms", format_met(row.added <= MAX_MILLISECONDS))
        for row in speeds
    ]
    return table(("economics", "audience without", "added", f"at most {MAX_MILLISECONDS:.0f} ms"), rows)


if __name__ == "__main__":
    main()
