"""Expressions: a column or arithmetic over columns in flywheel.toml, such as ``Quantity * UnitPrice``, as SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from features.errors import InvalidConfig

_COLUMN_REFERENCE = re.compile(r'"([^"]+)"|`([^`]+)`|(?<![\w.])([^\W\d]\w*)')
MAX_LITERAL = 1e15
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def columns_of(expression: str, columns: Sequence[str]) -> list[str]:
    """The columns that an expression reads, or the expression itself where it is the name of a column.

    Raises:
        InvalidConfig: the expression has anything but numbers, columns, brackets and ``+ - * /``.
    """
    if expression in columns:
        return [expression]
    tree, names = _parse(expression)
    return list(dict.fromkeys(names[node.id] for node in ast.walk(tree) if isinstance(node, ast.Name)))


def number_sql(expression: str, columns: Sequence[str]) -> str:
    """SQL for the value of an expression as a double; it is null where a column has no number.

    Raises:
        InvalidConfig: the expression has anything but numbers, columns, brackets and ``+ - * /``.
    """
    if expression in columns:
        return _column_sql(expression)
    tree, names = _parse(expression)
    return _node_sql(tree.body, names)


def _parse(expression: str) -> tuple[ast.Expression, dict[str, str]]:
    names: dict[str, str] = {}

    # Every name is replaced by a placeholder, because a column can have any name: "Unit Price", class, Preis_in_€.
    def placeholder(match: re.Match[str]) -> str:
        name = f"column_{len(names)}"
        names[name] = next(group for group in match.groups() if group)
        return f" {name} "

    # Python would parse the rest of "Order #" as a comment.
    source = _COLUMN_REFERENCE.sub(placeholder, expression).strip().replace("#", "?")
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _invalid_expression(expression) from None
    if not _is_arithmetic(tree.body):
        raise _invalid_expression(expression)
    return tree, names


def _is_arithmetic(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return isinstance(value, int | float) and abs(value) <= MAX_LITERAL
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _is_arithmetic(inner)
        case ast.BinOp(left=left, op=operator, right=right):
            return type(operator) in _OPERATORS and _is_arithmetic(left) and _is_arithmetic(right)
    return False


def _node_sql(node: ast.expr, names: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return _column_sql(names[name])
        case ast.UnaryOp(operand=inner):
            return f"(-{_node_sql(inner, names)})"
        case ast.BinOp(left=left, op=operator, right=right):
            return f"({_node_sql(left, names)} {_OPERATORS[type(operator)]} {_node_sql(right, names)})"
    return f"CAST({ast.unparse(node)} AS DOUBLE)"


def _column_sql(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'TRY_CAST("{quoted}" AS DOUBLE)'


def _invalid_expression(expression: str) -> InvalidConfig:
    return InvalidConfig(
        f"{expression!r} is neither a column nor arithmetic. Expected a column, or columns and numbers joined by "
        '+ - * / and brackets, with quotes around names with spaces, as in `Quantity * "Unit Price"`. Correct it.'
    )
