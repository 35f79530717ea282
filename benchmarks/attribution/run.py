"""Attribution benchmark: each method beside what the channels of a simulated shop caused.

``python -m benchmarks.attribution.run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.attribution.methods import (
    HOLD_OUT,
    HoldOutCoverage,
    MethodResult,
    hold_out_coverage,
    method_results,
)
from benchmarks.attribution.path_data import read_paths
from benchmarks.attribution.simulated_shop import CHANNELS, PERIOD, simulated_shop
from benchmarks.reporting.markdown import replace_section, section, table
from pipelines.registration.lineage import git_commit
from training.attribution.credits.conversion_paths import ConversionPaths
from training.attribution.credits.markov import MarkovChain
from training.attribution.report_assembly import PATH_RULES

TITLE, PATHS_HEADING = "Attribution", "### Channel paths without a truth"
CUSTOMERS, SHOPS, COVERAGE_CUSTOMERS, COVERAGE_SHOPS = 60_000, 10, 14_000, 200
PUSH = CHANNELS.index("push")


def main() -> None:
    """Run the attribution benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attribution.run", description=__doc__)
    parser.add_argument("--paths", type=Path, help="the wheel of mta 0.0.9, for its channel paths")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    results = [result for seed in range(1, SHOPS + 1) for result in method_results(simulated_shop(CUSTOMERS, seed))]
    coverage = hold_out_coverage(COVERAGE_CUSTOMERS, COVERAGE_SHOPS)
    paths = paths_section(read_paths(arguments.paths)) if arguments.paths else _stored_paths_section(arguments.out)
    text = "\n\n".join(part for part in (errors_section(results, coverage), paths) if part)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the tables are the result


def errors_section(results: Sequence[MethodResult], coverage: HoldOutCoverage) -> str:
    """The errors of the methods on the simulated shops, as a section of the page."""
    methods = dict.fromkeys(result.method for result in results)
    rows = [_method_row([result for result in results if result.method == method]) for method in methods]
    head = ("method", "evidence", "handed out / caused", "error / caused", "of which push")
    caused = np.mean([result.caused for result in results], axis=0)
    note = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`: {SHOPS} simulated shops of "
        f"{CUSTOMERS:,} customers and {PERIOD.days} days, seeds 1 to {SHOPS}, means. Five channels touch customers "
        "with a high intent to buy more often. On average the channels caused "
        f"{', '.join(f'{name} {value:,.0f}' for name, value in zip(CHANNELS, caused, strict=True))} orders. The error "
        "is the sum of the absolute errors over the channels. *Of which push* is what push is given."
    )
    return (
        f"## {TITLE}\n\n{note}\n\n{table(head, rows)}\n\n"
        f"The 95 % intervals of hold-outs cover what was caused in {coverage.covered:.1%} of "
        f"{coverage.shops * len(CHANNELS):,} ({coverage.shops} shops of {COVERAGE_CUSTOMERS:,} customers); their mean "
        f"half-width there is {coverage.half_width:,.0f} orders."
    )


def _method_row(results: Sequence[MethodResult]) -> tuple[str, ...]:
    error = f"{np.mean([result.error for result in results]):.2f}"
    return (
        results[0].method,
        results[0].evidence,
        f"{np.mean([result.total for result in results]):.2f}",
        f"**{error}**" if results[0].method == HOLD_OUT else error,
        f"{np.mean([result.conversions[PUSH] for result in results]):,.0f}",
    )


def paths_section(paths: ConversionPaths) -> str:
    """What the path rules make of the paths of ``mta``."""
    credits_ = {name.replace("_", " "): rule(paths) for name, rule in PATH_RULES.items()}
    largest = np.argsort(-credits_["markov"], kind="stable")[:5]
    rows = [
        (paths.channels[channel], *(f"{values[channel]:,.0f}" for values in credits_.values()))
        for channel in largest.tolist()
    ]
    total = ("all channels", *(f"{values.sum():,.0f}" for values in credits_.values()))
    converted, walks = paths.conversions.sum(), paths.conversions.sum() + paths.nulls.sum()
    note = (
        f"The {len(paths):,} different paths of the package mta 0.0.9: {converted:,.0f} conversions of {walks:,.0f}. "
        f"The chain converts from the start with probability {MarkovChain.fit(paths).conversion_probability():.6f}, "
        f"the paths with {converted / walks:.6f}. The five channels with the largest removal effects:"
    )
    return f"{PATHS_HEADING}\n\n{note}\n\n{table(('channel', *credits_), [*rows, total])}"


def _stored_paths_section(page: Path) -> str:
    """The part of the page on channel paths, for a run without them."""
    _, heading, rest = section(page, TITLE).partition(PATHS_HEADING)
    return heading + rest


if __name__ == "__main__":
    main()
