"""The options that commands share, each said once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer


def parse_day(text: str) -> date:
    """The day that a person wrote.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"Found {text!r}. Expected a day like 2026-01-31.") from None


Config = Annotated[
    Path | None,
    typer.Option("--config", help="The description of the log; flywheel.toml here, else FLYWHEEL_CONFIG."),
]
HomeDir = Annotated[
    Path | None, typer.Option("--home", help="Where everything is kept; .flywheel here, else FLYWHEEL_HOME.")
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=parse_day, help="Know everything before this day, and nothing after."
    ),
]
PinnedAsOf = Annotated[
    date | None,
    typer.Option("--as-of", metavar="DATE", parser=parse_day, help="Pin the service's clock, as FLYWHEEL_AS_OF does."),
]
Origins = Annotated[
    list[date] | None,
    typer.Option("--origin", metavar="DATE", parser=parse_day, help="A test origin; may be repeated."),
]
Out = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="Where the scores go, instead of into the home.")
]
Json = Annotated[bool, typer.Option("--json", help="One machine-readable summary on stdout, all else on stderr.")]
