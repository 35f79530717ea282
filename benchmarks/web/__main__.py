"""Page benchmark: a first view, updates, and predictions beside ten people; writes its section of docs/benchmarks.md.

``python -m benchmarks.web`` needs ``wrk`` and a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.reporting.markdown import replace_section, table
from benchmarks.serving.home_fixture import HomeFixture, prepare_home
from benchmarks.serving.load_generator import run_load
from benchmarks.serving.servers import flywheel_server
from benchmarks.web.large_home import large_home
from benchmarks.web.large_shop import PAUSE_MILLISECONDS, PEOPLE, PREDICTING, LargeShop
from benchmarks.web.slider_load import read_page
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit

TITLE = "The page"
CALLERS = 8
SECTIONS = ("", "customers", "customers/{}", "audiences", "audiences/new", "calendar", "campaigns", "quality")
HEAD = (
    "customers", "fresh service, ms", "new table, at once", "new table, 5 s later", "next view", "update, ms",
    "with a new hold-out", "predictions p99, ms", "the same with ten people", "ratio (range)", "their updates, ms",
)  # fmt: skip


def main() -> None:
    """Measure the page on one machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="keep the trained home here")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--size", type=int, action="append", help="customers of the scores table; may be repeated")
    parser.add_argument("--seconds", type=float, default=20, help="seconds of each load")
    parser.add_argument("--rounds", type=int, default=5, help="loads without people and with them, in turn")
    arguments = parser.parse_args()
    capture_warnings()
    fixture = prepare_home(arguments.work, CommandConsole(json_output=False).report)
    sections = table(("section", "p50, ms", "p99, ms"), _measure_sections(fixture, arguments.seconds))
    sizes = arguments.size or [100_000, 1_000_000]
    rows = [_measure(fixture, size, arguments.seconds, arguments.rounds) for size in sizes]
    text = f"## {TITLE}\n\n{_method()}\n\n{table(HEAD, rows)}\n\n{_sections_method(fixture)}\n\n{sections}"
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the tables are the result


def _method() -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` on {os.cpu_count()} cores by `python "
        "-m benchmarks.web`: medians. The first four columns are views of Today: the first of a fresh service, the "
        "first of a new scores table at once and after a worker has noticed it, and the next. An update counts an "
        f"audience and two histograms. {PEOPLE} people move sliders, as `benchmarks/web/slider_load.py` describes; "
        f"predictions come over {PREDICTING} connections, each of which waits {PAUSE_MILLISECONDS} ms between two. The "
        "ratio is that of a load with people to the one just before it without them."
    )


def _sections_method(fixture: HomeFixture) -> str:
    return f"HTML of each section for {CALLERS} callers at once, in the shop of {len(fixture.customers):,} customers:"


def _measure_sections(fixture: HomeFixture, seconds: float) -> list[tuple[str, ...]]:
    rows = list[tuple[str, ...]]()
    with tempfile.TemporaryDirectory(prefix="flywheel-page-") as scratch, flywheel_server(fixture) as url:
        for section in SECTIONS:
            path = f"/app/{section.format(fixture.customers[0])}"
            read_page(HTTPConnection(url.split("/")[2], timeout=60), path)  # the first view compiles its templates
            load = run_load(url.replace("/v1/predictions", path), [], CALLERS, seconds, Path(scratch)).require_answers()
            rows.append((f"`/app/{section.format('ID')}`", f"{load.p50:.1f}", f"{load.p99:.1f}"))
    return rows


def _measure(fixture: HomeFixture, customers: int, seconds: float, rounds: int) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory(prefix="flywheel-page-") as scratch:
        home = large_home(fixture, customers, Path(scratch) / "home")
        with flywheel_server(home) as url:
            shop = LargeShop(home, url, Path(scratch))
            times = (*shop.views(), *shop.updates())
            return (f"{customers:,}", *(f"{time:,.0f}" for time in times), *shop.predictions(seconds, rounds))


if __name__ == "__main__":
    main()
