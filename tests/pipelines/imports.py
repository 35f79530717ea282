"""What every step of the pipelines imports: seconds, spent once by the server that the commands are forked from."""

from __future__ import annotations

import importlib
import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

for one in (
    "features.store.client",
    "matplotlib.backends.backend_agg",
    "mlflow.store.db.utils",
    "pipelines.cli.main",
    "pipelines.steps.evaluate",
    "pipelines.steps.run",
    "training.fitting.gradient_boosting",
    "training.registry.tracking",
):
    importlib.import_module(one)
