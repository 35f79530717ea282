"""Ridge regression on about 25 columns, which sees trends and rhythm."""

from __future__ import annotations

from training.member import regression_member

MEMBER = regression_member(
    "full_regression", "Ridge regression on about 25 columns", lambda question: question.full_columns
)
