"""Registry backend: the MLflow store of a home, created atomically, with telemetry off."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from features.storage.atomic_files import atomic_write
from training.registry.database import migrate, sqlite_uri
from training.registry.relocation import artifacts_uri, relocate
from training.registry.unavailable import guard_client, translate_failures

if TYPE_CHECKING:
    from mlflow import MlflowClient

ALLOWED_HOSTS = "localhost:*,127.0.0.1:*"

EXPERIMENT_DESCRIPTIONS = {
    "training": "One run per model and training: parameters, metrics per origin, data set, figures, model card.",
    "evaluation": "Rolling-origin back-tests: every model with its baselines, at past origins outside of its training.",
}


def connect(home: Path, tracking_uri: str | None) -> MlflowClient:
    """A client of ``tracking_uri``, by default of the home's own store, which is created on first use (2 to 12 s).

    The store of a home that was moved or copied gets the locations of its artefacts corrected.

    Raises:
        RegistryUnavailable: the store is locked, damaged or unreachable; the client's methods raise it too.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # of MLflow's 7, which take minutes
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    from mlflow import MlflowClient  # noqa: PLC0415 -- MLflow starts its telemetry while it is imported

    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # its tracebacks are RegistryUnavailable here
    home.mkdir(parents=True, exist_ok=True)
    uri = tracking_uri or sqlite_uri(home / "mlflow.db")
    with translate_failures(uri):
        if tracking_uri is None:
            if not (home / "mlflow.db").exists():
                _create_database(home / "mlflow.db")
            relocate(home)
        return guard_client(MlflowClient(tracking_uri=uri, registry_uri=uri), uri)


def _create_database(database: Path) -> None:
    # MLflow cannot reopen a store after an interrupted first migration.
    with atomic_write(database) as temporary:
        migrate(temporary)


def experiment_id(client: MlflowClient, home: Path, name: str) -> str:
    """The id of an experiment, created on first use with its artefacts under the home, unless a server stores them."""
    existing = client.get_experiment_by_name(name)
    if existing is not None:
        return str(existing.experiment_id)
    remote = client.tracking_uri.startswith(("http:", "https:", "databricks"))
    location = None if remote else f"{artifacts_uri(home)}/{name}"
    tags = {"mlflow.note.content": EXPERIMENT_DESCRIPTIONS[name], "mlflow.experimentKind": "custom_model_development"}
    return str(client.create_experiment(name, artifact_location=location, tags=tags))


def ui_command(home: Path, port: int) -> list[str]:
    """The command that serves the home's store as a web page on this machine, with MLflow's job runner off.

    Raises:
        RegistryUnavailable: the store is locked, or cannot be read.
    """
    with translate_failures(sqlite_uri(home / "mlflow.db")):
        relocate(home)
    settings = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SERVER_ALLOWED_HOSTS": ALLOWED_HOSTS,
        # What `mlflow server` passes to its workers: the store, and that it hands out artefacts itself.
        "_MLFLOW_SERVER_FILE_STORE": sqlite_uri(home / "mlflow.db"),
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": artifacts_uri(home),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "_MLFLOW_SGI_NAME": "uvicorn",
    }
    environment = ["env", *(f"{name}={value}" for name, value in settings.items())]
    # MLflow uses a module that Starlette deprecates.
    python = [sys.executable, "-W", "ignore:starlette.middleware.wsgi is deprecated"]
    server = [*python, "-m", "uvicorn", "--factory", "training.registry.ui_app:create_app"]
    return [*environment, *server, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
