"""Run tracking: a run is logged to MLflow once per fingerprint, in few calls."""

from __future__ import annotations

import csv
import getpass
import json
import math
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from mlflow import MlflowClient, entities

from training.registry.run_record import DatasetInfo, Metric, Run, Table

ARTIFACT_PATH = "model"
DPI = 110
_EPOCH = date(1970, 1, 1).toordinal()
_PARAMS_BATCH_SIZE, _METRICS_BATCH_SIZE = 100, 1000
_DIGEST_LENGTH = 36

T = TypeVar("T")


def log_run(client: MlflowClient, experiment: str, run: Run) -> str:
    """The id of the finished run with this name and fingerprint; logged now unless it exists."""
    finished = _find_finished_run(client, experiment, run)
    if finished is not None:
        return finished
    run_id = str(client.create_run(experiment, run_name=run.name, tags=_run_tags(run)).info.run_id)
    _log_params_and_metrics(client, run_id, run)
    _log_files(client, run_id, run)
    client.set_terminated(run_id, "FINISHED")
    return run_id


def _find_finished_run(client: MlflowClient, experiment: str, run: Run) -> str | None:
    """The finished run with this fingerprint; an interrupted run may miss metrics, so it is deleted."""
    same = client.search_runs([experiment], f"tags.fingerprint = '{run.fingerprint}'")
    for match in (each for each in same if each.info.run_name == run.name):
        if match.info.status == "FINISHED":
            return str(match.info.run_id)
        client.delete_run(match.info.run_id)
    return None


def _run_tags(run: Run) -> dict[str, str]:
    optional = {"mlflow.note.content": run.description} if run.description else {}
    if "git_commit" in run.tags:
        optional["mlflow.source.git.commit"] = run.tags["git_commit"]
    if run.dataset is not None:
        optional["data_sha256"] = run.dataset.digest
    source = {"mlflow.source.name": "flywheel", "mlflow.source.type": "LOCAL", "mlflow.user": _current_user()}
    return {**source, **optional, **run.tags, "fingerprint": run.fingerprint}


def _current_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        return "unknown"


def _log_params_and_metrics(client: MlflowClient, run_id: str, run: Run) -> None:
    if run.dataset is not None:
        client.log_inputs(run_id, [_dataset_input(run.dataset)])
    for params in _chunks([entities.Param(key, str(value)) for key, value in run.params.items()], _PARAMS_BATCH_SIZE):
        client.log_batch(run_id, params=params)
    log_metrics(client, run_id, run.metrics)


def log_metrics(client: MlflowClient, run_id: str, metrics: Sequence[Metric]) -> None:
    """Log metrics to a run, in few calls; a NaN would break the line of the chart and is left out."""
    measured = [_mlflow_metric(metric) for metric in metrics if math.isfinite(metric.value)]
    for batch in _chunks(measured, _METRICS_BATCH_SIZE):
        client.log_batch(run_id, metrics=batch)


def _mlflow_metric(metric: Metric) -> entities.Metric:
    """The origin's date is also the timestamp, so that charts can have dates on their axis."""
    milliseconds = max(0, (metric.step - _EPOCH) * 86_400_000)
    return entities.Metric(metric.key, float(metric.value), milliseconds, metric.step)


def _dataset_input(dataset: DatasetInfo) -> entities.DatasetInput:
    columns = [{"name": name, "type": kind, "required": True} for name, kind in dataset.columns.items()]
    entity = entities.Dataset(
        name=dataset.name,
        digest=dataset.digest[:_DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"uri": dataset.source}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": dataset.rows, "num_elements": dataset.rows * len(columns)}),
    )
    return entities.DatasetInput(entity, [entities.InputTag("mlflow.data.context", "training")])


def _log_files(client: MlflowClient, run_id: str, run: Run) -> None:
    with TemporaryDirectory() as folder:
        _write_files(run, Path(folder))
        client.log_artifacts(run_id, folder)
    if run.folder is not None:
        client.log_artifacts(run_id, str(run.folder), ARTIFACT_PATH)


def _write_files(run: Run, folder: Path) -> None:
    for name, text in run.texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for kind in ("figures", "tables"):
        (folder / kind).mkdir(exist_ok=True)
    for name, table in run.tables.items():
        _write_table(folder / "tables" / f"{name}.csv", table)
    for name, figure in run.figures.items():
        figure.savefig(folder / "figures" / f"{name}.png", dpi=DPI)


def _write_table(path: Path, table: Table) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
