"""Demo: the whole pipeline on one year of a real grocer, from the raw log to predictions over HTTP."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pyarrow.parquet as pq
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from features.config.shop import read_shop_config
from features.errors import FlywheelError
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.home import Home
from pipelines.steps import run
from serving.server import wait_until_ready

AS_OF = date(2017, 12, 31)
HOME = Path(".flywheel-demo")
SHOWN_CUSTOMERS = 6
TABLE_WIDTH = 132  # columns, also where the output is a pipe


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after printing the predictions")
    parser.add_argument("--port", type=int, default=3000, help="the port of the service")
    parser.add_argument("--ui-port", type=int, default=5000, help="the port of the MLflow UI")
    parser.add_argument("--home", type=Path, default=HOME)
    options = parser.parse_args(arguments)
    capture_warnings()
    console = CommandConsole(json_output=False)
    try:
        run_demo(options.home, options.port, options.ui_port, once=options.once, console=console)
    except FlywheelError as error:
        console.show_error(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def run_demo(folder: Path, port: int, ui_port: int, *, once: bool, console: CommandConsole) -> None:
    """Write the log, run the pipeline, start the service, and print predictions and an audience."""
    home = Home(folder)
    with home.hold_write_lock("demo", console.report):
        config = read_shop_config(write_log(folder / "log", console))
        run.run(config, home, AS_OF, datetime.now(UTC), console.report)
    console.report(f"starting the service on port {port}")
    url = f"http://127.0.0.1:{port}"
    serve = ["serve", "--home", str(folder), "--port", str(port), "--as-of", AS_OF.isoformat()]
    with _running_process(serve, folder / "service.log") as service:
        if not wait_until_ready(url, 60) or service.poll() is not None:
            raise FlywheelError(
                f"The service did not answer on {url}; {folder / 'service.log'} has the reason. Expected a free "
                "port: stop the process that uses it, or choose another port with ARGS='--port 3001'."
            )
        show_predictions(
            request_predictions(url, sample_customers(home)), Console(width=max(Console().width, TABLE_WIDTH))
        )
        show_audience(request_audience(url), Console(highlight=False, soft_wrap=True))
        _print_locations(folder, url, ui_port)
        if not once:
            with _running_process(["ui", "--home", str(folder), "--port", str(ui_port)], folder / "ui.log"):
                service.wait()


def write_log(folder: Path, console: CommandConsole) -> Path:
    """Write the log and its flywheel.toml into a folder; return the path of the flywheel.toml."""
    config_path = folder / "flywheel.toml"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "events.parquet").is_file():
        from pipelines.demo.complete_journey import write_tables

        console.report("writing the Complete Journey log")
        write_tables(folder)
    shutil.copyfile(Path(__file__).parents[1] / "examples" / "complete-journey.toml", config_path)
    return config_path


def sample_customers(home: Home) -> list[str]:
    """Return customers from the highest to the lowest churn probability, and one unknown id."""
    scores = pq.read_table(home.scores, columns=["customer_id", "churn_probability", "model_tier"]).to_pandas()
    ranked = scores[scores["model_tier"] == "average"].sort_values("churn_probability", ascending=False)["customer_id"]
    ranks = [round(rank * (len(ranked) - 1) / (SHOWN_CUSTOMERS - 1)) for rank in range(SHOWN_CUSTOMERS)]
    return [*ranked.iloc[ranks], "no-such-household"]


def request_predictions(url: str, customer_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Request predictions from the service, as a campaign system does."""
    answers: list[dict[str, Any]] = _post_json(f"{url}/v1/predictions", {"customer_ids": list(customer_ids)})[
        "predictions"
    ]
    return answers


def request_audience(url: str) -> dict[str, Any]:
    """Request the customers who are about to lapse and whom a campaign may email."""
    leaving = {"column": "preset_segment_about_to_lapse", "equals": True}
    valuable = {"column": "value_tier", "in": ["high", "medium"]}
    body = {"filter": {"all": [leaving, valuable]}, "channel": "email", "holdout": {"share": 0.1, "name": "demo"}}
    return _post_json(f"{url}/v1/audiences", {**body, "horizon_days": 91})


def _post_json(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310 -- our own
    with urlopen(request, timeout=10) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


def show_audience(answer: dict[str, Any], console: Console) -> None:
    """Print the audience in one sentence."""
    revenue = answer["expected_revenue"]
    ends = revenue["interval"]
    range_ = f" ({ends['p10']:,.0f} to {ends['p90']:,.0f})" if ends else ""
    console.print(
        f"About to lapse, of high or medium value, with consent to email: {answer['count']:,} households, "
        f"{answer['holdout_count']:,} of them held out.\n"
        f"Without a campaign they are expected to spend {revenue['mean']:,.0f}{range_} "
        f"{answer['currency']} in {revenue['horizon_days']} days.\n"
    )


def show_predictions(answers: Sequence[dict[str, Any]], console: Console) -> None:
    """Print the predictions as a table."""
    title = (
        f"\nChurn probability, next order and spend of {SHOWN_CUSTOMERS} households and an unknown one; "
        "the ranges are 80 % intervals"
    )
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("household", no_wrap=True)
    for heading in (
        "churn\n28 days",
        "next order",
        "its range",
        "remind on",
        "USD\n91 days",
        "its range",
        "USD\nso far",
        "tier",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for answer in answers:
        table.add_row(answer["customer_id"], *_prediction_cells(answer))
    console.print(table)


def _prediction_cells(answer: dict[str, Any]) -> list[str]:
    if answer.get("churn") is None:
        return ["", "", answer["status"].replace("_", " "), "", "", "", "", ""]
    churn, next_purchase, lifetime_value = answer["churn"], answer["next_purchase"], answer["ltv"]
    spend = lifetime_value["predicted"]["91"]
    return [
        f"{churn['probability']:.0%} {churn['band']}",
        next_purchase["p50"] or "never",
        f"{next_purchase['p10'] or 'never'} - {next_purchase['p90'] or 'never'}",
        next_purchase["remind_on"] or "",
        f"{spend['mean']:,.0f}",
        f"{spend['p10']:,.0f} - {spend['p90']:,.0f}",
        f"{lifetime_value['historic']:,.0f}",
        answer["model_tier"],
    ]


@contextmanager
def _running_process(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as log_file:
        arguments = [sys.executable, "-m", "pipelines.cli.main", *command]
        process = subprocess.Popen(arguments, stdout=log_file, stderr=log_file)  # noqa: S603 -- our own command line
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


def _print_locations(folder: Path, url: str, ui_port: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"  growth page      {url}/app/")
    console.print(f"  service's docs   {url}/docs")
    console.print(f"  MLflow UI        http://127.0.0.1:{ui_port}   (by hand: flywheel ui --home {folder})")
    console.print(f"  all scores       {folder / 'scores.parquet'}")


if __name__ == "__main__":
    main()
