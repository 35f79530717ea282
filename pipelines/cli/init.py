"""Init command: writes a commented flywheel.toml from exports, checks it, and names the next commands."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from pipelines.cli.command_context import current_time, exit_on_error, locked_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, InitAsOf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from features.config.shop import ShopConfig
    from pipelines.init.draft import Draft
    from pipelines.run_context import RunContext

DEFAULT_OUT = Path("flywheel.toml")


def init(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="One or several exports: csv, xlsx, json lines, parquet.")
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The file to write.")] = DEFAULT_OUT,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    name: Annotated[str | None, typer.Option(help="The shop's name; default: that of the folder.")] = None,
    currency: Annotated[str | None, typer.Option(help="The currency of the amounts, such as EUR.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The shop's time zone, such as Europe/Berlin.")] = None,
    readiness: Annotated[
        bool, typer.Option("--readiness/--no-readiness", help="Read the log and report what can be predicted.")
    ] = True,
    as_of: InitAsOf = None,
    home: HomeDir = None,
) -> None:
    """Look at the exports of a shop, write a commented flywheel.toml for them, and check it with readiness."""
    from features.config.shop import read_shop_config

    console = InitConsole(json_output=False)
    with exit_on_error(console):
        _check_options(out, currency, timezone, force=force)
        draft = _draft(files, out, name, currency, timezone)
        _write(draft, out)
        console.show_draft(draft, out)
        config = read_shop_config(out)
    commands = NextCommands(out, home, as_of)
    if readiness:
        commands = _show_readiness(config, commands, current_time(context))
    console.show_next(commands)


@dataclass(frozen=True)
class NextCommands:
    """The commands that follow on init, with the options that this log needs."""

    config: Path
    home: Path | None
    as_of: date | None
    customer_id: str = "ID"

    def lines(self) -> list[tuple[str, str]]:
        """Each command, and what it does."""
        place = f" --home {shlex.quote(str(self.home))}" if self.home else ""
        config = "" if self.config == DEFAULT_OUT else f" --config {shlex.quote(str(self.config))}"
        day = f" --as-of {self.as_of}" if self.as_of else ""
        address = f"http://127.0.0.1:3000/v1/customers/{quote(self.customer_id, safe='')}/predictions"
        return [
            (f"flywheel run{config}{place}{day}", "train, test and score every customer"),
            (f"flywheel serve{place}{day}", "answer over HTTP, then:"),
            (f"curl -s {shlex.quote(address)}", "the predictions of one customer"),
        ]


class InitConsole(CommandConsole):
    """Prints what init found."""

    def show_draft(self, draft: Draft, out: Path) -> None:
        """Print each choice with its reason, and the questions."""
        from pipelines.init.toml_text import choice_line

        self._out.print(f"Wrote {out} from {draft.title}:", soft_wrap=True)
        for section in (draft.shop, *draft.sections):
            for choice in section.choices:
                reason = f"   ({choice.reason})" if choice.reason else ""
                self._out.print(f"  {choice_line(choice)}{reason}", soft_wrap=True)
        if draft.questions:
            self._out.print("\nUnsure of, and marked QUESTION in the file:")
        for question in draft.questions:
            self._out.print(f"  - {question}", soft_wrap=True)
        self._out.print()

    def show_next(self, commands: NextCommands) -> None:
        """Print the next commands."""
        lines = commands.lines()
        width = max(len(command) for command, _ in lines)
        self._out.print("\nNext:")
        for command, purpose in lines:
            self._out.print(f"  {command:{width}}   # {purpose}", soft_wrap=True)


def _check_options(out: Path, currency: str | None, timezone: str | None, *, force: bool) -> None:
    from features.config.shop import zone_names
    from pipelines.steps.promote import UsageError

    if out.exists() and not force:
        raise UsageError(f"Found {out}. Expected no such file: add --force to replace it, or name another with --out.")
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        raise UsageError(f"Found --currency {currency!r}. Expected three capital letters such as EUR.")
    if timezone is not None and timezone not in zone_names():
        raise UsageError(f"Found --timezone {timezone!r}. Expected an IANA time zone such as Europe/London.")


def _draft(files: Sequence[Path], out: Path, name: str | None, currency: str | None, timezone: str | None) -> Draft:
    import tempfile

    from features.storage.duckdb_connection import open_duckdb
    from pipelines.init.draft import Answers, draft_config

    folder = out.resolve().parent
    folder.mkdir(parents=True, exist_ok=True)  # relative paths begin there
    with tempfile.TemporaryDirectory() as spill, open_duckdb() as connection:
        draft = draft_config(
            connection, [file.resolve() for file in files], folder, Path(spill), Answers(name, currency, timezone)
        )
    if not draft.zone_is_sure and sys.stdin.isatty() and sys.stdout.isatty():
        draft.set_timezone(_ask_timezone(draft.timezone))
    return draft


def _ask_timezone(guess: str) -> str:
    from features.config.shop import zone_names

    while True:
        answer = str(typer.prompt("The shop's time zone", default=guess)).strip()
        if answer in zone_names():
            return answer
        typer.echo(f"Found {answer!r}. Expected an IANA time zone such as Europe/London.", err=True)


def _write(draft: Draft, out: Path) -> None:
    from features.storage.atomic_files import replace_text

    replace_text(out, draft.text)


def _show_readiness(config: ShopConfig, commands: NextCommands, now: datetime) -> NextCommands:
    """Read the log into the home, and show what can be learned; a log that ended is taken as of its end."""
    from pipelines.run_context import RunContext
    from pipelines.steps import ingest as step
    from pipelines.steps.silence import day_after_end

    with locked_home("init", commands.home, json=False) as (console, locked):
        step.run(config, locked, now, console.report)
        today = now.astimezone(config.zone).date()
        context = RunContext(config, locked, commands.as_of or today, console.report, (), now)
        as_of = commands.as_of
        if as_of is None and context.silence.has_ended:
            as_of = day_after_end(context.silence)
            context = replace(context, as_of=as_of)
        console.show_readiness(context)
    return replace(commands, as_of=as_of, customer_id=_last_customer(context))


def _last_customer(context: RunContext) -> str:
    """A customer of the last order, for the example of a question."""
    lines = context.history.lines
    last = lines.order_by(lines.ordered_at.desc()).limit(1).to_pyarrow().to_pylist()
    return str(last[0]["customer_id"]) if last else "ID"
