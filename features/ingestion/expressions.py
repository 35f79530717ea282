"""Expressions: a column or arithmetic over columns in flywheel.toml, such as ``Quantity * UnitPrice``, as SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.errors import InvalidConfig
from features.storage.sql_quoting import quote_identifier

_REFERENCES = (r'"([^"]+)"', r"`([^`]+)`", r"(?<![\w.])([^\W\d]\w*)")
_OPERATOR_SIGN = re.compile(r"[-+*/]")
MAX_LITERAL = 1e15
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


@dataclass(frozen=True)
class NumberSql:
    """SQL of a number, which is null where it is missing or unreadable, and of whether it is missing."""

    value: str
    blank: str


def columns_of(expression: str, columns: Sequence[str]) -> list[str]:
    """The columns that an expression reads, or the expression itself where it is the name of a column.

    Raises:
        InvalidConfig: the expression has anything but numbers, columns, brackets and ``+ - * /``.
    """
    if expression in columns:
        return [expression]
    tree, names = _parse(expression, columns)
    return list(dict.fromkeys(names[node.id] for node in ast.walk(tree) if isinstance(node, ast.Name)))


def plain_column(column: str) -> NumberSql:
    """A column whose numbers are written as programs write them."""
    name = quote_identifier(column)
    return NumberSql(f"TRY_CAST({name} AS DOUBLE)", f"(coalesce(CAST({name} AS VARCHAR), '') = '')")


def number_sql(
    expression: str, columns: Sequence[str], read_column: Callable[[str], NumberSql] = plain_column
) -> NumberSql:
    """SQL for the value of an expression as a double.

    A blank term of a sum or difference counts as 0 where another term has a value; a product with a blank is blank.

    Raises:
        InvalidConfig: the expression has anything but numbers, columns, brackets and ``+ - * /``.
    """
    if expression in columns:
        return read_column(expression)
    tree, names = _parse(expression, columns)
    return _node_sql(tree.body, lambda name: read_column(names[name]))


def minuend_of(expression: str, columns: Sequence[str]) -> str | None:
    """The expression that another is taken from, such as ``Total`` in ``Total - Refund``; None without subtraction.

    Raises:
        InvalidConfig: the expression has anything but numbers, columns, brackets and ``+ - * /``.
    """
    if expression in columns:
        return None
    tree, names = _parse(expression, columns)
    node = tree.body
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        node = node.left
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)):
        return None
    return re.sub(r"\bcolumn_\d+\b", lambda match: f'"{names[match.group()]}"', ast.unparse(node.left))


def _parse(expression: str, columns: Sequence[str]) -> tuple[ast.Expression, dict[str, str]]:
    names: dict[str, str] = {}

    # Every name is replaced by a placeholder, because a column can have any name: "Unit Price", class, Preis_in_€.
    def placeholder(match: re.Match[str]) -> str:
        name = f"column_{len(names)}"
        names[name] = next(group for group in match.groups() if group)
        return f" {name} "

    # Python would parse the rest of "Order #" as a comment.
    source = _reference_pattern(columns).sub(placeholder, expression).strip().replace("#", "?")
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _invalid_expression(expression) from None
    if not _is_arithmetic(tree.body):
        raise _invalid_expression(expression)
    return tree, names


def _reference_pattern(columns: Sequence[str]) -> re.Pattern[str]:
    """A pattern of references to columns; an existing name with blanks needs no quotes, and the longest name counts."""
    spaced = [name for name in columns if not name.isidentifier() and not _OPERATOR_SIGN.search(name)]
    names = "|".join(re.escape(name) for name in sorted(spaced, key=len, reverse=True))
    quoted, backticked, identifier = _REFERENCES
    unquoted = [rf"(?<![\w.])({names})(?!\w)"] if names else []
    return re.compile("|".join((quoted, backticked, *unquoted, identifier)))


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


def _node_sql(node: ast.expr, read_column: Callable[[str], NumberSql]) -> NumberSql:
    match node:
        case ast.Name(id=name):
            return read_column(name)
        case ast.UnaryOp(operand=inner):
            operand = _node_sql(inner, read_column)
            return NumberSql(f"(-{operand.value})", operand.blank)
        case ast.BinOp(left=left, op=operator, right=right):
            combine = _sum_sql if isinstance(operator, ast.Add | ast.Sub) else _product_sql
            return combine(_node_sql(left, read_column), _OPERATORS[type(operator)], _node_sql(right, read_column))
    return NumberSql(f"CAST({ast.unparse(node)} AS DOUBLE)", "")  # a number is never blank


def _sum_sql(left: NumberSql, operator: str, right: NumberSql) -> NumberSql:
    if not right.blank or not left.blank:
        # "Total - 5" is blank with Total, and "1 - Discount" is 1 without a discount.
        subtrahend = f"CASE WHEN {right.blank} THEN 0 ELSE {right.value} END" if right.blank else right.value
        return NumberSql(f"({left.value} {operator} {subtrahend})", left.blank)
    blank = f"({left.blank} AND {right.blank})"
    terms = [f"CASE WHEN {term.blank} THEN 0 ELSE {term.value} END" for term in (left, right)]
    return NumberSql(f"CASE WHEN NOT {blank} THEN {terms[0]} {operator} {terms[1]} END", blank)


def _product_sql(left: NumberSql, operator: str, right: NumberSql) -> NumberSql:
    factors = [factor for factor in (left, right) if factor.blank]
    blank = " OR ".join(factor.blank for factor in factors)
    readable = " AND ".join(f"({factor.blank} OR {factor.value} IS NOT NULL)" for factor in factors)
    return NumberSql(f"({left.value} {operator} {right.value})", f"(({blank}) AND {readable})" if factors else "")


def _invalid_expression(expression: str) -> InvalidConfig:
    return InvalidConfig(
        f"{expression!r} is neither a column nor arithmetic. Expected a column, or columns and numbers joined by "
        '+ - * / and brackets, with quotes around names with spaces, as in `Quantity * "Unit Price"`. Correct it.'
    )
