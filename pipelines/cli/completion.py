"""Completion command: prints the script with which a shell completes commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

PROGRAM = "flywheel"


class Shell(StrEnum):
    """Shells that have a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    context: typer.Context,
    *,
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="The shell: bash, zsh or fish.")],
) -> None:
    """Print the script that completes commands and options in a shell; see also --install-completion."""
    from typer.completion import shell_complete

    shell_complete(context.find_root().command, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE", f"source_{shell}")
