"""Ridge regression on a handful of columns, which needs few outcomes."""

from __future__ import annotations

from training.member import regression_member

MEMBER = regression_member(
    "small_regression", "Ridge regression on a handful of columns", lambda question: question.small_columns
)
