"""Dataset info: digest, source and columns of a candidate's training rows, for MLflow and the model card."""

from __future__ import annotations

from features.errors import NotFound
from features.ingestion.manifest import read_manifest
from pipelines.registration.candidate import ReleaseCandidate
from training.registry import DatasetInfo


def dataset_info(candidate: ReleaseCandidate) -> DatasetInfo:
    """The training rows of a candidate.

    Raises:
        NotFound: the home has no ingested log.
    """
    manifest = read_manifest(candidate.context.home.history)
    if manifest is None:
        raise NotFound(
            f"No history in {candidate.context.home.history}. Expected an ingested log: run `flywheel ingest`."
        )
    return DatasetInfo(
        name=candidate.context.config.name,
        digest=manifest.source,
        source=candidate.context.config.orders.path,
        rows=len(candidate.backtest_result.data.inputs),
        columns=dict.fromkeys(candidate.backtest_result.data.names, "double"),
    )
