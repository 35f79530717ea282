"""``mlflow models serve`` of one of our boosters, in MLflow's own format: what its users would serve without us."""

from __future__ import annotations

import json
from pathlib import Path

import lightgbm
import mlflow.lightgbm
import numpy as np

from benchmarks.serving.home_fixture import HomeFixture


def booster_in_mlflow(home: HomeFixture, scratch: Path) -> tuple[Path, list[str]]:
    """The champion's churn trees as a model folder, and bodies that ask it for one row each."""
    release = home.home.releases / str(home.home.champion())
    text = (release / "churn" / "churn.txt").read_text()
    booster = lightgbm.Booster(model_str=text)
    folder = scratch / "churn"
    mlflow.lightgbm.save_model(booster, str(folder))
    rows = np.random.default_rng(0).normal(size=(100, booster.num_feature()))
    columns = booster.feature_name()
    bodies = [json.dumps({"dataframe_split": {"columns": columns, "data": [row]}}) for row in rows.tolist()]
    return folder, bodies
