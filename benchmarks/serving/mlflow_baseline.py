"""MLflow baseline: one of our boosters in MLflow's format, for ``mlflow models serve``."""

from __future__ import annotations

import json
from pathlib import Path

import lightgbm
import mlflow.lightgbm
import numpy as np

from benchmarks.serving.home_fixture import HomeFixture


def booster_in_mlflow(home: HomeFixture, scratch: Path) -> tuple[Path, list[str]]:
    """Save the champion's churn trees as an MLflow model; return its folder and request bodies of one row each."""
    release = home.home.releases / str(home.home.champion())
    text = (release / "churn" / "churn.txt").read_text()
    booster = lightgbm.Booster(model_str=text)
    folder = scratch / "churn"
    mlflow.lightgbm.save_model(booster, str(folder))
    rows = np.random.default_rng(0).normal(size=(100, booster.num_feature()))
    columns = booster.feature_name()
    bodies = [json.dumps({"dataframe_split": {"columns": columns, "data": [row]}}) for row in rows.tolist()]
    return folder, bodies
