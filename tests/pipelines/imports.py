"""Preloaded imports: what every step imports and computes, done once by the server that forks the commands."""

from __future__ import annotations

import importlib
import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

for module in (
    "alembic.command",
    "feast.infra.data_sources.mlflow",
    "feast.infra.offline_stores.duckdb",
    "feast.infra.passthrough_provider",
    "feast.monitoring.dqm_job_manager",
    "feast.repo_operations",
    "features.consents.lmdb",
    "features.store.client",
    "ibis.backends.duckdb",
    "ibis.expr.types.groupby",
    "ibis.formats.pandas",
    "matplotlib.backends.backend_agg",
    "mlflow.db",
    "mlflow.pyfunc.model",
    "mlflow.store.db.utils",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.tracing.otel.otel_archival",
    "pipelines.cli.main",
    "pipelines.promotion.trial",
    "pipelines.steps.evaluate",
    "pipelines.steps.run",
    "pipelines.steps.score",
    "pipelines.steps.train",
    "serving.releases.release_check",
    "sqlalchemy.dialects.sqlite",
    "training.fitting.gradient_boosting",
    "training.registry.tracking",
):
    importlib.import_module(module)

features, training, fingerprints = map(
    importlib.import_module, ("features", "training", "pipelines.registration.code_fingerprint")
)
fingerprints.code_fingerprint(features, training)  # a second of parsing, remembered by every process forked from here
