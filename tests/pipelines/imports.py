"""What every step of the pipelines imports: seconds, spent once by the server that the commands are forked from."""

from __future__ import annotations

import importlib
import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

for one in ("features.store", "mlflow.store.db.utils", "pipelines.cli", "pipelines.evaluate", "pipelines.run",
            "training.boost", "training.registry.runs", "matplotlib.backends.backend_agg"):  # fmt: skip
    importlib.import_module(one)
