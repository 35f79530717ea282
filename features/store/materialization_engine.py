"""Materialization engine: a Feast plug-in that packs offline rows into the online store in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

import pyarrow as pa
from feast import BatchFeatureView, Entity, FeatureView, OnDemandFeatureView, StreamFeatureView
from feast.data_source import DataSource
from feast.infra.common.materialization_job import MaterializationJob, MaterializationJobStatus, MaterializationTask
from feast.infra.compute_engines.base import ComputeEngine
from feast.infra.compute_engines.local.job import LocalMaterializationJob
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import FeastConfigBaseModel

from features.online import arrow_rows
from features.online.codec import Codec
from features.store.definitions import view_from_feast
from features.store.online_store import open_configured_store
from features.views import CUSTOMER_ID

AnyView = BatchFeatureView | StreamFeatureView | FeatureView

PackedView = Mapping[str, bytes]  # packed rows by their ids

_FURTHER_VIEWS: ContextVar[Mapping[str, PackedView] | None] = ContextVar("further_views", default=None)


@contextmanager
def replace_views(further_views: Mapping[str, PackedView]) -> Iterator[None]:
    """Make materialization within this context replace the views instead of merging; Feast has no option for that.

    The further views, which Feast does not know, are replaced in the same transaction.
    """
    token = _FURTHER_VIEWS.set(further_views)
    try:
        yield
    finally:
        _FURTHER_VIEWS.reset(token)


class PackedEngineConfig(FeastConfigBaseModel):
    """The configuration of the engine, which has no options."""

    type: Literal["features.store.materialization_engine.PackedEngine"] = (
        "features.store.materialization_engine.PackedEngine"
    )


class PackedEngine(ComputeEngine):
    """A Feast compute engine: it merges rows into the views, or replaces the views within ``replace_views``."""

    @property
    def supports_batch(self) -> bool:
        """True: Feast passes all views in one call, so that no reader sees views of two dates."""
        return True

    def materialize(
        self, registry: BaseRegistry, tasks: MaterializationTask | list[MaterializationTask], **kwargs: object
    ) -> list[MaterializationJob]:
        """Pull, pack and write the rows of every task, in one transaction."""
        tasks = [tasks] if isinstance(tasks, MaterializationTask) else tasks
        packed = [self._pack_rows(task) for task in tasks]
        with open_configured_store(self.repo_config).write_transaction() as writer:
            further_views = _FURTHER_VIEWS.get()
            write = writer.merge if further_views is None else writer.replace
            for task, rows in zip(tasks, packed, strict=True):
                write(task.feature_view.name, rows)
            for name, view in (further_views or {}).items():
                writer.replace(name, view)
        return [_succeeded_job(task) for task in tasks]

    def update(
        self,
        project: str,
        views_to_delete: Sequence[AnyView],
        views_to_keep: Sequence[AnyView | OnDemandFeatureView],
        entities_to_delete: Sequence[Entity],
        entities_to_keep: Sequence[Entity],
    ) -> None:
        """Does nothing: the engine has no infrastructure."""

    def teardown_infra(self, project: str, fvs: Sequence[AnyView], entities: Sequence[Entity]) -> None:
        """Does nothing: the rows belong to the online store."""

    def _pack_rows(self, task: MaterializationTask) -> dict[str, bytes]:
        """The packed row of every customer."""
        if (source := task.feature_view.batch_source) is None:
            raise ValueError(f"The view {task.feature_view.name!r} has no file to publish from. Give it a source.")
        pulled, view = self._pull_latest_rows(task, source), view_from_feast(task.feature_view)
        rows = arrow_rows.view_rows(view, pulled, source.timestamp_field, source.created_timestamp_column)
        return dict(zip(pulled[CUSTOMER_ID].to_pylist(), Codec(view).pack(rows), strict=True))

    def _pull_latest_rows(self, task: MaterializationTask, source: DataSource) -> pa.Table:
        """The newest row of each customer within the task's window."""
        is_unbounded = task.disable_event_timestamp
        job = self.offline_store.pull_latest_from_table_or_query(
            config=self.repo_config,
            data_source=source,
            join_key_columns=[CUSTOMER_ID],
            feature_name_columns=[field.name for field in task.feature_view.features],
            timestamp_field=source.timestamp_field,
            created_timestamp_column=source.created_timestamp_column,
            start_date=datetime.min.replace(tzinfo=UTC) if is_unbounded else task.start_time,
            end_date=datetime.max.replace(tzinfo=UTC) if is_unbounded else task.end_time,
        )
        return job.to_arrow()


def _succeeded_job(task: MaterializationTask) -> MaterializationJob:
    return LocalMaterializationJob(
        job_id=f"{task.feature_view.name}-{task.start_time}-{task.end_time}", status=MaterializationJobStatus.SUCCEEDED
    )
