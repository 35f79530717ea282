"""A column, or arithmetic over columns, as a flywheel.toml may write it: ``Quantity * UnitPrice``."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from features.errors import BadDescription

_QUOTED = re.compile(r'"([^"]+)"|`([^`]+)`')
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def columns_of(expression: str, known: Sequence[str]) -> list[str]:
    """The columns that an expression reads; the expression itself where a column has that very name."""
    if expression in known:
        return [expression]
    tree, names = _parsed(expression)
    found = [names.get(node.id, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(found))


def number_sql(expression: str, known: Sequence[str]) -> str:
    """SQL for the expression's value as a double, null where a column holds no number.

    Raises:
        BadDescription: it is more than numbers, columns, brackets and ``+ - * /``.
    """
    if expression in known:
        return _column(expression)
    tree, names = _parsed(expression)
    return _sql(tree.body, names, expression)


def _parsed(expression: str) -> tuple[ast.Expression, dict[str, str]]:
    names: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        name = f"quoted_{len(names)}"
        names[name] = match.group(1) or match.group(2)
        return name

    try:
        return ast.parse(_QUOTED.sub(stand_in, expression).strip(), mode="eval"), names
    except SyntaxError:
        raise _refused(expression) from None


def _sql(node: ast.expr, names: dict[str, str], expression: str) -> str:
    match node:
        case ast.Name(id=name):
            return _column(names.get(name, name))
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            return f"CAST({value!r} AS DOUBLE)"
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"(-{_sql(inner, names, expression)})"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            sign = _OPERATORS[type(operator)]
            return f"({_sql(left, names, expression)} {sign} {_sql(right, names, expression)})"
    raise _refused(expression)


def _column(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'TRY_CAST("{quoted}" AS DOUBLE)'


def _refused(expression: str) -> BadDescription:
    return BadDescription(
        f"{expression!r} is no amount. Expected a column, or columns and numbers joined by + - * / and brackets, "
        'with names that hold spaces in quotes, as in `Quantity * "Unit Price"`. Correct it in flywheel.toml.'
    )
