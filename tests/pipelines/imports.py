"""Preloaded imports: what every step imports, loaded once by the server that forks the commands."""

from __future__ import annotations

import importlib
import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

for module in (
    "features.store.client",
    "matplotlib.backends.backend_agg",
    "mlflow.store.db.utils",
    "pipelines.cli.main",
    "pipelines.steps.evaluate",
    "pipelines.steps.run",
    "pipelines.steps.score",
    "pipelines.steps.train",
    "training.fitting.gradient_boosting",
    "training.registry.tracking",
):
    importlib.import_module(module)
