"""Registry pruning: removes old releases with the versions and runs of their models, and old evaluations, for good."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from training.registry.database import sqlite_uri
from training.registry.promotion import CHALLENGER, CHAMPION, PREVIOUS
from training.registry.versions import RELEASE, aliases, tags_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_KEPT_ALIASES = (CHAMPION, PREVIOUS, CHALLENGER)
_MILLISECONDS = 1000


def old_releases(client: MlflowClient, registered_before: datetime, needed_versions: Collection[str]) -> list[str]:
    """The releases registered before an instant, oldest first, without those that serve, served, wait or are needed."""
    current = aliases(client).get(RELEASE, {})
    needed = {*needed_versions, *(current[alias] for alias in _KEPT_ALIASES if alias in current)}
    limit = registered_before.timestamp() * _MILLISECONDS
    numbers = [
        int(version.version)
        for version in client.search_model_versions(f"name = '{RELEASE}'")
        if version.creation_timestamp < limit and str(version.version) not in needed
    ]
    return [str(number) for number in sorted(numbers)]


def old_evaluations(client: MlflowClient, began_before: datetime) -> list[str]:
    """The ids of the runs of evaluations that began before an instant."""
    experiment = client.get_experiment_by_name("evaluation")
    if experiment is None:
        return []
    limit = round(began_before.timestamp() * _MILLISECONDS)
    runs = client.search_runs([experiment.experiment_id], f"attributes.start_time < {limit}", max_results=1000)
    return [str(run.info.run_id) for run in runs]


def delete_release(client: MlflowClient, home: Path, version: str) -> None:
    """Delete a release, the versions of its models, and their runs; what another release has too is left.

    The release itself goes last, so that a deletion that was interrupted is completed by the next one.
    """
    registered = list(client.search_model_versions())
    own = {RELEASE: version, **_own_models(client, version, registered)}
    run_ids, used = set[str](), set[str]()
    for found in registered:
        (run_ids if own.get(found.name) == str(found.version) else used).add(str(found.run_id))
    delete_runs(client, home, sorted(run_ids - used - {""}))
    for name, number in reversed(own.items()):
        client.delete_model_version(name, number)


def _own_models(client: MlflowClient, release: str, registered: Sequence[ModelVersion]) -> dict[str, str]:
    """The versions of models that this release has and no other one; raises ``VersionNotFound`` without the release."""
    tags = tags_of(client, RELEASE, release)
    others = [found.tags for found in registered if found.name == RELEASE and str(found.version) != release]
    return {
        found.name: str(found.version)
        for found in registered
        if tags.get(found.name) == str(found.version)
        and all(other.get(found.name) != str(found.version) for other in others)
    }


def delete_runs(client: MlflowClient, home: Path, run_ids: Sequence[str]) -> None:
    """Delete runs; in the home's own store with their artefacts, for good. A server removes them by its own rules."""
    existing = [run_id for run_id in run_ids if _is_active(client, run_id)]
    for run_id in existing:
        client.delete_run(run_id)
    database = home / "mlflow.db"
    if not existing or client.tracking_uri != sqlite_uri(database):
        return
    import mlflow  # noqa: PLC0415 -- MLflow starts its telemetry while it is imported

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the import, about MLflow's own type hints
        from mlflow.cli import gc  # noqa: PLC0415 -- as above
    address = mlflow.get_tracking_uri()
    arguments = ["--backend-store-uri", client.tracking_uri, "--tracking-uri", client.tracking_uri]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        gc.main([*arguments, "--run-ids", ",".join(existing)], standalone_mode=False)
    mlflow.set_tracking_uri(address)  # the command has changed it for the whole process


def _is_active(client: MlflowClient, run_id: str) -> bool:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 -- as above

    try:
        return bool(client.get_run(run_id).info.lifecycle_stage == "active")
    except MlflowException:
        return False
