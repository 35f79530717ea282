"""Command options: the options that several commands share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer


def parse_day(text: str) -> date:
    """Parse a day in ISO format.

    Raises:
        typer.BadParameter: the text is not a day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"Found {text!r}. Expected a day like 2026-01-31.") from None


Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file; default: flywheel.toml here, else FLYWHEEL_CONFIG."),
]
UnusedConfig = Annotated[
    Path | None,
    typer.Option(
        "--config",
        exists=True,
        dir_okay=False,
        help="Not read, because this command needs the home alone; it may be given so that all commands take the same "
        "options.",
    ),
]
HomeDir = Annotated[
    Path | None,
    typer.Option("--home", help="The folder with all data of the shop; default: .flywheel here, else FLYWHEEL_HOME."),
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        parser=parse_day,
        help="Use only data before this day; default: today, for score the day of the features.",
    ),
]
InitAsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        parser=parse_day,
        help="Report what can be predicted from the data before this day; default: today, or the end of a log that "
        "ended.",
    ),
]
AcceptSilence = Annotated[
    bool,
    typer.Option(
        "--accept-silence", help="If the log ended longer ago than its answers hold, answer as of the end of the log."
    ),
]
PinnedAsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=parse_day, help="Fix the service's clock at this day, like FLYWHEEL_AS_OF."
    ),
]
Origins = Annotated[
    list[date] | None,
    typer.Option(
        "--origin",
        metavar="DATE",
        parser=parse_day,
        help="A past day to test at (origin); may be repeated. Default: the newest that can be tested.",
    ),
]
NoPromote = Annotated[
    bool, typer.Option("--no-promote", help="Train and register a release, but score with the champion.")
]
Out = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="Write the scores to this file instead of the home.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON summary on stdout, and progress on stderr.")]
