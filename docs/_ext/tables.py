"""Column references: the scores table and the feature catalogue, from the declared columns."""

from __future__ import annotations

from collections.abc import Iterable

from docs._ext.markdown import anchor, code, section, table
from features.transformations.categories import CATEGORIES
from features.transformations.engagement import engagement_view
from features.transformations.transactions import AMOUNT_COLUMNS, BASE_COLUMNS, OPTIONAL_COLUMNS
from features.views import Column as Feature
from pipelines.scoring.column_catalogue import column_groups, type_name
from training.inference.answers.answer import Horizons
from training.segments.column import ColumnSpec

_EXAMPLE_HORIZONS = Horizons(churn_days=90, ltv_days=(90,))
_EXAMPLE_SEGMENT = "big baskets"


def scores_table() -> str:
    """A section per group of columns of scores.parquet, in their order."""
    groups = column_groups(_EXAMPLE_HORIZONS, [_EXAMPLE_SEGMENT], has_feedback=True)
    return "\n".join(
        section(2, group.capitalize(), anchor("scores", group), _scores(columns)) for group, columns in groups.items()
    )


def features() -> str:
    """A section per feature view with its columns."""
    return "\n".join(
        [
            section(
                2, "`transactions`", "view-transactions", "Every log fills these columns.", _features(BASE_COLUMNS)
            ),
            section(
                3,
                "With amounts",
                "view-transactions-amounts",
                "Needs `amount` in `[orders]`.",
                _features(AMOUNT_COLUMNS),
            ),
            section(
                3,
                "With further columns",
                "view-transactions-optional",
                "Each needs its own key in `[orders]`.",
                table(
                    ["key", "feature", "type", "meaning"],
                    [[code(key), *_feature(column)] for key, column in OPTIONAL_COLUMNS.items()],
                ),
            ),
            section(
                2, "`categories`", "view-categories", "Needs `category` in `[orders]`.", _features(CATEGORIES.columns)
            ),
            *(
                section(
                    2,
                    code(dimension),
                    f"view-{dimension}",
                    f"Needs `{dimension}` in `[events]`; the last row is an example of what every listed kind adds.",
                    _features(engagement_view(dimension, [kind]).columns),
                )
                for dimension, kind in (("behaviour", "store_visit"), ("social", "referral"))
            ),
        ]
    )


def _scores(columns: Iterable[ColumnSpec]) -> str:
    rows = [[code(column.name), type_name(column.type), column.meaning] for column in columns]
    return table(["column", "type", "meaning"], rows)


def _features(columns: Iterable[Feature]) -> str:
    return table(["feature", "type", "meaning"], [_feature(column) for column in columns])


def _feature(column: Feature) -> list[str]:
    return [
        code(column.name),
        column.kind.value.replace("<", " of ").removesuffix(">"),
        f"{column.meaning[:1].upper()}{column.meaning[1:]}.",
    ]
