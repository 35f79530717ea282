"""View joiner: the rows of several views as one matrix; the first view decides which customers are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from features.arrays import Booleans
from features.online.codec import Buffer, Codec, UnpackedRows
from features.online.feature_rows import FeatureRows, RaggedList
from features.views import View

PackedValues = Sequence[Buffer | None]


class ViewJoiner:
    """Unpacks the rows of all views and joins them by customer."""

    def __init__(self, views: tuple[View, ...]) -> None:
        self.view_names = tuple(view.name for view in views)
        self._codecs = tuple(Codec(view) for view in views)
        self._columns = tuple(name for view in views for name in view.scalars)

    def join(self, customer_ids: Sequence[str], values: Iterable[PackedValues]) -> FeatureRows:
        """The customers' features, from a packed row or None for each of them, view by view.

        A customer with a damaged row in any view is not known, and marked.

        Raises:
            SchemaMismatch: a row has other columns than its view.
        """
        views = [codec.unpack(rows) for codec, rows in zip(self._codecs, values, strict=True)]
        lists: dict[str, RaggedList] = {}
        damaged = _any_damaged(views)
        for codec, unpacked in zip(self._codecs, views, strict=True):
            lists.update(zip(codec.view.lists, unpacked.rows.lists, strict=True))
        return FeatureRows(
            customer_ids=customer_ids,
            known=views[0].known if damaged is None else views[0].known & ~damaged,
            features_at=views[0].rows.event_at,
            columns=self._columns,
            matrix=np.hstack([unpacked.rows.scalars for unpacked in views]),
            lists=lists,
            damaged=damaged,
        )


def _any_damaged(views: Sequence[UnpackedRows]) -> Booleans | None:
    """Customers with a damaged row in any view, (n,); None for none at all."""
    masks = [unpacked.damaged for unpacked in views if unpacked.damaged is not None]
    return np.logical_or.reduce(masks) if masks else None
