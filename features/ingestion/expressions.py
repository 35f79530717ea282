"""A column, or arithmetic over columns, as a flywheel.toml may write it: ``Quantity * UnitPrice``."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from features.errors import BadDescription

_NAME = re.compile(r'"([^"]+)"|`([^`]+)`|(?<![\w.])([^\W\d]\w*)')
LARGEST = 1e15
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def columns_of(expression: str, known: Sequence[str]) -> list[str]:
    """The columns that an expression reads; the expression itself where a column has that very name.

    Raises:
        BadDescription: it is more than numbers, columns, brackets and ``+ - * /``.
    """
    if expression in known:
        return [expression]
    tree, names = _parsed(expression)
    return list(dict.fromkeys(names[node.id] for node in ast.walk(tree) if isinstance(node, ast.Name)))


def number_sql(expression: str, known: Sequence[str]) -> str:
    """SQL for the expression's value as a double, null where a column holds no number.

    Raises:
        BadDescription: it is more than numbers, columns, brackets and ``+ - * /``.
    """
    if expression in known:
        return _column(expression)
    tree, names = _parsed(expression)
    return _sql(tree.body, names)


def _parsed(expression: str) -> tuple[ast.Expression, dict[str, str]]:
    names: dict[str, str] = {}

    # Every name gets a stand-in, as a column may be called anything: "Unit Price", class, Preis_in_€.
    def stand_in(match: re.Match[str]) -> str:
        name = f"column_{len(names)}"
        names[name] = next(found for found in match.groups() if found)
        return f" {name} "

    # Python would take the rest of "Order #" for a comment.
    plain = _NAME.sub(stand_in, expression).strip().replace("#", "?")
    try:
        tree = ast.parse(plain, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refused(expression) from None
    if not _is_arithmetic(tree.body):
        raise _refused(expression)
    return tree, names


def _is_arithmetic(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return isinstance(value, int | float) and abs(value) <= LARGEST
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _is_arithmetic(inner)
        case ast.BinOp(left=left, op=operator, right=right):
            return type(operator) in _OPERATORS and _is_arithmetic(left) and _is_arithmetic(right)
    return False


def _sql(node: ast.expr, names: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return _column(names[name])
        case ast.UnaryOp(operand=inner):
            return f"(-{_sql(inner, names)})"
        case ast.BinOp(left=left, op=operator, right=right):
            return f"({_sql(left, names)} {_OPERATORS[type(operator)]} {_sql(right, names)})"
    return f"CAST({ast.unparse(node)} AS DOUBLE)"


def _column(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'TRY_CAST("{quoted}" AS DOUBLE)'


def _refused(expression: str) -> BadDescription:
    return BadDescription(
        f"{expression!r} is neither a column nor arithmetic. Expected a column, or columns and numbers joined by "
        '+ - * / and brackets, with quotes around names that hold spaces, as in `Quantity * "Unit Price"`. Correct it.'
    )
