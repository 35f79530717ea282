"""Command reference: every command with its arguments and options, from the Typer application."""

from __future__ import annotations

from collections.abc import Iterator

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from docs._ext.markdown import anchor, code, section, table
from pipelines.cli.main import app


def command_line() -> str:
    """A section per command, also of the groups, in the order of ``flywheel --help``."""
    return "\n".join(_commands(get_command(app), "flywheel"))


def _commands(command: object, name: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for subcommand, inner in command.commands.items():
            yield from _commands(inner, f"{name} {subcommand}")
    elif isinstance(command, TyperCommand):
        parameters = [
            parameter
            for parameter in command.params
            if isinstance(parameter, TyperArgument | TyperOption) and not parameter.hidden
        ]
        rows = [[_name(parameter), _default(parameter), parameter.help or ""] for parameter in parameters]
        options = table(["option", "default", "meaning"], rows)
        yield section(2, code(name), anchor("command", name.removeprefix("flywheel ")), command.help or "", options)


def _name(parameter: TyperArgument | TyperOption) -> str:
    if isinstance(parameter, TyperArgument):
        return code(parameter.metavar or str(parameter.name).upper())
    value = "" if parameter.is_flag else f" {parameter.metavar or _type(parameter)}"
    return code("/".join([*parameter.opts, *parameter.secondary_opts]) + value)


def _default(parameter: TyperArgument | TyperOption) -> str:
    if parameter.required:
        return "required"
    variable = f"{code(str(parameter.envvar))}, else " if parameter.envvar else ""
    return variable + (code(parameter.default) if parameter.default not in (None, False, "") else "none")


def _type(option: TyperOption) -> str:
    return option.bare_type().removeprefix("list[").removesuffix("]").upper()
