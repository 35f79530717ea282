"""Feature definitions: the views as Feast's entity, sources, feature views and one feature service."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, ValueType
from feast.feast_object import FeastObject
from feast.types import Array, FeastType, Float64, Int64, String

from features.views import CUSTOMER_ID, EVENT_TIMESTAMP, Column, Kind, View

FEATURE_SERVICE = "predictions_v1"

FEAST_TYPES: dict[Kind, FeastType] = {
    Kind.FLOAT: Float64,
    Kind.INTEGER: Int64,
    Kind.INTEGERS: Array(Int64),
    Kind.FLOATS: Array(Float64),
}
_KINDS_BY_FEAST_TYPE = {str(feast_type): kind for kind, feast_type in FEAST_TYPES.items()}


def feast_objects(views: tuple[View, ...], home: Path, ttl_days: int) -> list[FeastObject]:
    """All objects of Feast's catalogue for these views.

    Raises:
        ValueError: two views share a column's name.
    """
    _refuse_shared_names(views)
    customer = Entity(
        name="customer", join_keys=[CUSTOMER_ID], value_type=ValueType.STRING, description="a customer of the shop"
    )
    files = [
        FileSource(name=view.name, path=str(table_path(home, view.name)), timestamp_field=EVENT_TIMESTAMP)
        for view in views
    ]
    pushes = [PushSource(name=f"{file.name}_push", batch_source=file) for file in files]
    ttl = timedelta(days=ttl_days)
    declared = [_feature_view(view, customer, push, ttl) for view, push in zip(views, pushes, strict=True)]
    service = FeatureService(
        name=FEATURE_SERVICE, features=list(declared), description="the features of all predictions"
    )
    return [customer, *files, *pushes, *declared, service]


def table_path(home: Path, view: str) -> Path:
    """The parquet file of a view, with one row per customer and cutoff."""
    return home.resolve() / "features" / f"{view}.parquet"


def view_from_feast(feature_view: FeatureView) -> View:
    """The view from which a Feast feature view was made.

    Raises:
        ValueError: it has a type that the codec cannot pack.
    """
    if unknown := [
        f"{field.name} ({field.dtype})"
        for field in feature_view.features
        if str(field.dtype) not in _KINDS_BY_FEAST_TYPE
    ]:
        raise ValueError(
            f"The packed store cannot hold {', '.join(unknown)} of {feature_view.name!r}, only "
            f"{', '.join(_KINDS_BY_FEAST_TYPE)}. Declare the view through features.store.definitions."
        )
    columns = [
        Column(field.name, _KINDS_BY_FEAST_TYPE[str(field.dtype)], field.description) for field in feature_view.features
    ]
    return View(feature_view.name, tuple(columns))


def _feature_view(view: View, customer: Entity, source: PushSource, ttl: timedelta) -> FeatureView:
    fields = [
        Field(name=column.name, dtype=FEAST_TYPES[column.kind], description=column.meaning) for column in view.columns
    ]
    return FeatureView(
        name=view.name,
        entities=[customer],
        schema=[Field(name=CUSTOMER_ID, dtype=String), *fields],
        source=source,
        ttl=ttl,
        description=f"{view.name} of one customer before one cutoff",
    )


def _refuse_shared_names(views: tuple[View, ...]) -> None:
    names = Counter(column.name for view in views for column in view.columns)
    if shared := sorted(name for name, times in names.items() if times > 1):
        raise ValueError(f"Columns of more than one view: {', '.join(shared)}. Put the view's name in front of each.")
