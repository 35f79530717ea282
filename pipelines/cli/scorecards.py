"""Scorecards command: the options and the output of ``flywheel scorecards``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from pipelines.cli.command_context import exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, Json, UnusedConfig, parse_day
from pipelines.cli.tables import titled_table

MAX_ROWS = 40


def scorecards(
    *,
    release: Annotated[str | None, typer.Option(help="Show only what this release predicted.")] = None,
    first: Annotated[
        date | None, typer.Option("--from", metavar="DATE", parser=parse_day, help="The first day of the predictions.")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", metavar="DATE", parser=parse_day, help="The last day of the predictions.")
    ] = None,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Show what was predicted beside what then happened, by release and matured day, and the drift since training.

    The verdict is on the customers who were not treated: campaigns that work are no fault of a prediction.
    """
    console = ScorecardsConsole(json_output=json)
    with exit_on_error(console):
        from pipelines.learning.drift.drift_report import read_drift
        from pipelines.learning.predictions.scorecard_file import read_scorecards

        shop = resolve_home(home)
        shop.require_folder()
        records = [
            record
            for record in read_scorecards(shop)
            if (release is None or record["release"] == release)
            and (first is None or record["day"] >= str(first))
            and (last is None or record["day"] <= str(last))
        ]
        console.show_scorecards(records[::-1], read_drift(shop))


class ScorecardsConsole(CommandConsole):
    """Prints realised scorecards and drift."""

    def show_scorecards(self, records: Sequence[Mapping[str, Any]], drift: Mapping[str, Any] | None) -> None:
        """Print the newest scorecards, the reasons of the alarms among them, and the alarms of drift."""
        if self._json_output:
            self._print_json({"scorecards": list(records), "drift": drift})
            return
        if records:
            self._show_table(records)
        else:
            self._out.print("No prediction has matured yet: `flywheel learn` judges each when its window is over.")
        if drift is None:
            self._out.print("No drift was measured yet: `flywheel learn` does it, for a release with a reference.")
            return
        self._out.print(f"Drift as of {drift['as_of']}, since release {drift['release']} was trained:")
        for sentence in drift["alarms"] or ["none."]:
            self._out.print(f"  {sentence}", soft_wrap=True, markup=False)

    def _show_table(self, records: Sequence[Mapping[str, Any]]) -> None:
        table = titled_table(
            "Realised scorecards, on the untreated",
            "day", "release", "question", "verdict", "n", "obs. /\nexp.", "95 %", "AUC", "ECE", "in\n80 %",
        )  # fmt: skip
        for record in records[:MAX_ROWS]:
            table.add_row(*_cells(record))
        self._out.print(table)
        if len(records) > MAX_ROWS:
            self._out.print(f"{len(records) - MAX_ROWS} older ones are left out: see --from, --to and --json.")
        for record in records[:MAX_ROWS]:
            for reason in record["reasons"]:
                what = f"{record['day']}, {record['question']} within {record['horizon_days']} days"
                self._out.print(f"{what}: {reason}.", soft_wrap=True, markup=False)


def _cells(record: Mapping[str, Any]) -> list[str]:
    untreated = record["populations"].get("untreated", {"n": 0, "metrics": {}})
    metrics = untreated["metrics"]
    ratio = metrics.get("observed_over_expected", {})
    interval = "" if ratio.get("low") is None else f"{ratio['low']:.2f} to {ratio['high']:.2f}"
    return [
        record["day"],
        record["release"],
        f"{record['question']} {record['horizon_days']}d",
        record["status"].replace("_", " "),
        f"{untreated['n']:,}",
        _number(ratio),
        interval,
        *(_number(metrics.get(name, {})) for name in ("auc", "ece", "coverage_80")),
    ]


def _number(estimate: Mapping[str, Any]) -> str:
    value = estimate.get("value")
    return "" if value is None else f"{value:.2f}"
