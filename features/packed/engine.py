"""Feast's compute engine on packed rows: the newest rows go as Arrow into the store, all views in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import pyarrow as pa
from feast import BatchFeatureView, Entity, FeatureView, StreamFeatureView
from feast.infra.common.materialization_job import MaterializationJob, MaterializationJobStatus, MaterializationTask
from feast.infra.compute_engines.base import ComputeEngine
from feast.infra.compute_engines.local.job import LocalMaterializationJob
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import FeastConfigBaseModel

from features.definitions import CUSTOMER_ID, view_of
from features.packed import arrow
from features.packed.codec import Codec
from features.packed.lmdb import writing
from features.packed.online import store_path

AnyView = BatchFeatureView | StreamFeatureView | FeatureView


class PackedEngineConfig(FeastConfigBaseModel):
    """Nothing to configure."""

    type: Literal["features.packed.engine.PackedEngine"] = "features.packed.engine.PackedEngine"


class PackedEngine(ComputeEngine):
    """Publishes; a window of one instant is a snapshot and replaces the view, a longer one is merged into it."""

    @property
    def supports_batch(self) -> bool:
        """Feast hands over all views at once, so that a reader never sees two of different dates."""
        return True

    def materialize(
        self, registry: BaseRegistry, tasks: MaterializationTask | list[MaterializationTask], **kwargs: Any
    ) -> list[MaterializationJob]:
        """Pull, pack and write the rows of every task; killed half way, the store is as it was."""
        tasks = [tasks] if isinstance(tasks, MaterializationTask) else tasks
        packed = [self._packed(task) for task in tasks]
        with writing(store_path(self.repo_config)) as writer:
            for task, rows in zip(tasks, packed, strict=True):
                write = writer.replace if task.start_time == task.end_time else writer.merge
                write(task.feature_view.name, rows)
        return [_done(task) for task in tasks]

    def update(
        self,
        project: str,
        views_to_delete: Sequence[AnyView],
        views_to_keep: Sequence[AnyView],
        entities_to_delete: Sequence[Entity],
        entities_to_keep: Sequence[Entity],
    ) -> None:
        """Nothing to prepare."""

    def teardown_infra(self, project: str, fvs: Sequence[AnyView], entities: Sequence[Entity]) -> None:
        """Nothing to tear down: the rows belong to the online store."""

    def _packed(self, task: MaterializationTask) -> dict[str, bytes]:
        """A packed row per customer."""
        pulled, source = self._pulled(task), task.feature_view.batch_source
        view = view_of(task.feature_view)
        rows = arrow.rows(view, pulled, source.timestamp_field, source.created_timestamp_column)
        return dict(zip(pulled[CUSTOMER_ID].to_pylist(), Codec(view).pack(rows), strict=True))

    def _pulled(self, task: MaterializationTask) -> pa.Table:
        """The newest row of each customer within the task's window."""
        view = task.feature_view
        everything = task.disable_event_timestamp
        job = self.offline_store.pull_latest_from_table_or_query(
            config=self.repo_config,
            data_source=view.batch_source,
            join_key_columns=[CUSTOMER_ID],
            feature_name_columns=[field.name for field in view.features],
            timestamp_field=view.batch_source.timestamp_field,
            created_timestamp_column=view.batch_source.created_timestamp_column,
            start_date=datetime.min.replace(tzinfo=UTC) if everything else task.start_time,
            end_date=datetime.max.replace(tzinfo=UTC) if everything else task.end_time,
        )
        return job.to_arrow()


def _done(task: MaterializationTask) -> MaterializationJob:
    return LocalMaterializationJob(
        job_id=f"{task.feature_view.name}-{task.start_time}-{task.end_time}", status=MaterializationJobStatus.SUCCEEDED
    )
