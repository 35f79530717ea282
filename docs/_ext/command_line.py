"""Command reference: every command with its arguments and options, from the Typer application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from docs._ext.markdown import anchor, code, section, table
from pipelines.cli.main import app


def command_line() -> str:
    """A section for flywheel alone, then one per command, also of the groups, in the order of ``flywheel --help``."""
    group = get_command(app)
    parts = _commands(group, "flywheel")
    return "\n".join([section(2, code("flywheel"), "command-flywheel", _options(group.params)), *parts])


def _commands(command: object, name: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for subcommand, inner in command.commands.items():
            yield from _commands(inner, f"{name} {subcommand}")
    elif isinstance(command, TyperCommand):
        target = anchor("command", name.removeprefix("flywheel "))
        yield section(2, code(name), target, command.help or "", _options(command.params))


def _options(parameters: Iterable[object]) -> str:
    """The table of the arguments and options of one command."""
    rows = [
        [_name(parameter), _default(parameter), parameter.help or ""]
        for parameter in parameters
        if isinstance(parameter, TyperArgument | TyperOption) and not parameter.hidden
    ]
    return table(["option", "default", "meaning"], rows)


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
