"""Status command: the options and the output of ``flywheel status``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from features.wording import count_of
from pipelines import environment
from pipelines.cli.command_context import current_time, exit_on_error, resolve_home, resolve_path
from pipelines.cli.console import CommandConsole
from pipelines.cli.expected_totals import expected_total_lines
from pipelines.cli.options import Config, HomeDir, Json

if TYPE_CHECKING:
    from pipelines.diagnostics.home_status import HomeStatus, ReleaseStatus

_NONE = "none yet"


def status(context: typer.Context, *, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Show the state of the home on one screen: log, features, champion, scores, consents, and what is stale."""
    from pipelines.diagnostics.home_status import read_status
    from pipelines.diagnostics.surroundings import Surroundings

    console = StatusConsole(json_output=json)
    with exit_on_error(console):
        config_path = resolve_path(config, environment.CONFIG)
        console.show_status(read_status(Surroundings(resolve_home(home), config_path, current_time(context))))


class StatusConsole(CommandConsole):
    """Prints the state of a home."""

    def show_status(self, status: HomeStatus) -> None:
        """Print one line per part, then what is stale."""
        if self._json_output:
            totals = {} if status.expected is None else status.expected.by_measure
            expected = {
                name: None if total is None else total.model_dump(mode="json") for name, total in totals.items()
            }
            values = {name: value for name, value in vars(status).items() if name != "notes"}
            self._print_json({**values, **_json_parts(status), "expected": expected or None})
            return
        rows = Table.grid(padding=(0, 2))
        rows.add_column(no_wrap=True)
        rows.add_column(overflow="fold")
        for name, value in _rows(status):
            rows.add_row(name, value)
        self._out.print(rows)
        for result in status.stale:
            self._out.print(f"Stale: {result.name}: {result.found}. {result.remedy}.", soft_wrap=True)


def _json_parts(status: HomeStatus) -> dict[str, object]:
    """The nested parts of a status as mappings."""
    parts = {name: getattr(status, name) for name in ("champion", "newest", "scores", "consents", "decisions")}
    return {
        **{name: None if part is None else asdict(part) for name, part in parts.items()},
        "plausibility": [asdict(note) for note in status.notes],
        "stale": [asdict(result) for result in status.stale],
    }


def _rows(status: HomeStatus) -> Iterator[tuple[str, str]]:
    yield "shop", status.shop or "unknown: no configuration and no release"
    yield "home", status.home
    lines = ", ".join(f"{count:,} {table}" for table, count in status.log_lines.items())
    until = f", until {_minute(status.log_until)}" if status.log_until else ""
    yield "log", f"lines: {lines}{until}" if lines else _NONE
    if status.notes:
        yield "notes", ", ".join(f"{note.code} ({note.severity})" for note in status.notes)
    yield "features", f"as of {status.features_as_of}" if status.features_as_of else _NONE
    yield "champion", _describe_champion(status)
    yield from _alias_row(status)
    for version, bar in status.barred.items():
        yield "barred", f"release {version}, {bar}; `flywheel promote --version {version}` brings it back"
    if status.newest and (status.champion is None or status.newest.version != status.champion.version):
        yield "not promoted", _describe_release(status.newest)
    if status.champion:
        yield "gate", _describe_gate(status.newest or status.champion)
    yield "scores", _describe_scores(status)
    if status.expected:
        totals = (status.expected.conversions, status.expected.orders, status.expected.revenue)
        for number, line in enumerate(expected_total_lines(*totals, status.currency)):
            yield "" if number else "expected", line
    yield "consents", _describe_consents(status)
    if counts := status.decisions:
        outcomes, customers = count_of(counts.outcomes, "outcome"), count_of(counts.customers, "customer")
        yield "decisions", f"{counts.decisions:,}, with {outcomes}, of {customers}"
    yield "audiences", f"{status.audiences:,} stored"


def _describe_champion(status: HomeStatus) -> str:
    if status.champion is None:
        return status.champion_fault or _NONE
    since = f"; serves since {_minute(status.promoted_at)} ({status.promoted_why})" if status.promoted_at else ""
    previous = f"; before it release {status.previous}" if status.previous else ""
    return f"{_describe_release(status.champion)}{since}{previous}"


def _alias_row(status: HomeStatus) -> Iterator[tuple[str, str]]:
    """A row where MLflow calls another release the champion than the one that serves."""
    if status.champion is not None and status.champion_alias != status.champion.version and status.champion_alias:
        yield "alias", f"MLflow calls release {status.champion_alias} the champion: `flywheel promote --follow` follows"


def _describe_release(release: ReleaseStatus) -> str:
    tiers = ", ".join(f"{model} from {tier}" for model, tier in release.tiers.items())
    same = {*release.tiers.values()}
    return f"release {release.version}, trained as of {release.trained_as_of}, answers from " + (
        same.pop() if len(same) == 1 else f"several tiers: {tiers}"
    )


def _describe_gate(release: ReleaseStatus) -> str:
    gate = release.gate
    notes = [*gate.refutations, *(f"{name} ranks nobody" for name in gate.no_signal)]
    if gate.regressions:
        notes.append(f"the champion answers {', '.join(gate.regressions)} better")
    verdict = "passed by" if gate.passed else "rejected"
    return f"{verdict} release {release.version}" + (f": {'; '.join(notes)}" if notes else "")


def _describe_scores(status: HomeStatus) -> str:
    scores = status.scores
    if scores is None:
        return _NONE
    return f"{scores.customers:,} customers, by release {scores.release}, as of {_minute(scores.as_of)}"


def _describe_consents(status: HomeStatus) -> str:
    counts = status.consents
    if counts is None:
        return "in a Redis, which is not asked here"
    return f"{counts.customers:,} customers recorded, {counts.erased:,} erased (consent state {counts.state})"


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
