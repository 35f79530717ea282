"""Models in MLflow: loaded as pyfunc from text files, they answer as the service does; runs and pages are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run

from features.views import CUSTOMER_ID, EVENT_TIMESTAMP
from tests.pipelines.command import Flywheel
from training.inference.release_manifest import ReleaseManifest
from training.models import MODELS
from training.registry.release_files import LOADED_MARK
from training.registry.versions import MAX_DESCRIPTION_LENGTH

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*AnyType"),  # MLflow's import, about its own type hints
]


@pytest.fixture
def registry_uri(trained_shop: Flywheel) -> Iterator[None]:
    """MLflow reads the models of the shop, as a notebook that was told its address does."""
    uri, former = trained_shop.home.registry().client.tracking_uri, mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    yield
    mlflow.set_tracking_uri(former)


@pytest.fixture(scope="module")
def published_features(trained_shop: Flywheel) -> pd.DataFrame:
    """The published features of today, joined as in a notebook."""
    views = ReleaseManifest.read(trained_shop.home.releases / "1").views
    tables = [pd.read_parquet(trained_shop.home.features / f"{view.name}.parquet") for view in views]
    joined = reduce(lambda left, right: left.merge(right, "left", [CUSTOMER_ID, EVENT_TIMESTAMP]), tables)
    today: pd.DataFrame = joined[joined[EVENT_TIMESTAMP] == joined[EVENT_TIMESTAMP].max()]
    return today.set_index(CUSTOMER_ID, drop=False)


@pytest.mark.usefixtures("registry_uri")
@pytest.mark.parametrize("uri", ["models:/release@champion", *(f"models:/{name}@champion" for name in MODELS)])
def test_a_model_loaded_from_mlflow_answers_as_the_scores_do(
    uri: str, trained_shop: Flywheel, published_features: pd.DataFrame
) -> None:
    model = mlflow.pyfunc.load_model(uri)
    answers = model.predict(published_features)
    scores = trained_shop.scores.to_pandas().set_index(CUSTOMER_ID).reindex(answers.index)
    declared = [column["name"] for column in json.loads(model.metadata.signature.outputs.to_json())]
    assert answers.columns.tolist() == declared
    for name in answers:
        if answers[name].dtype.kind == "f":
            np.testing.assert_allclose(answers[name], scores[name], rtol=0, atol=1e-9, err_msg=name)
        else:
            assert (answers[name].isna() == scores[name].isna()).all(), name
            assert (answers[name].dropna().astype(str) == scores[name].dropna().astype(str)).all(), name


@pytest.mark.usefixtures("registry_uri")
def test_a_release_that_was_loaded_in_a_notebook_can_still_be_fetched(trained_shop: Flywheel, tmp_path: Path) -> None:
    mlflow.pyfunc.load_model("models:/release@champion")
    assert list((trained_shop.home.folder / "mlartifacts").rglob(LOADED_MARK))
    fetched = trained_shop.home.registry().fetch("1", tmp_path / "1")
    assert not (fetched / LOADED_MARK).exists()


@pytest.mark.usefixtures("registry_uri")
def test_the_example_of_a_model_is_of_nobody_and_can_be_answered() -> None:
    model = mlflow.pyfunc.load_model("models:/release@champion")
    assert model.input_example[CUSTOMER_ID].tolist() == ["example"]
    assert np.isfinite(model.predict(model.input_example)["churn_probability"]).all()
    later = model.predict(model.input_example, params={"as_of": "2030-01-01T00:00:00+00:00"})
    assert later["churn_probability"][0] > model.predict(model.input_example)["churn_probability"][0]


@pytest.mark.usefixtures("registry_uri")
def test_features_from_after_the_answer_are_refused(published_features: pd.DataFrame) -> None:
    model = mlflow.pyfunc.load_model("models:/release@champion")
    for frame in (published_features, published_features.drop(columns=EVENT_TIMESTAMP)):
        with pytest.raises(ValueError, match=r"Expected features from before it: give a later as_of"):
            model.predict(frame, params={"as_of": "2020-01-01T00:00:00+00:00"})
    with pytest.raises(ValueError, match="Expected an instant with its offset"):
        model.predict(published_features, params={"as_of": "2030-01-01"})


def test_no_artefact_is_a_pickle(trained_shop: Flywheel) -> None:
    files = [path for path in (trained_shop.home.folder / "mlartifacts").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".txt", ".json", ".csv", ".md", ".png", ""}
    assert {path.name for path in files if not path.suffix} <= {"MLmodel", "SHA256SUMS", LOADED_MARK}


def test_the_page_of_a_release_is_its_description_and_that_of_its_run(trained_shop: Flywheel) -> None:
    client = trained_shop.home.registry().client
    version = client.get_model_version("release", "1")
    run = client.get_run(str(version.run_id))
    assert run.data.tags["mlflow.note.content"] == version.description
    assert len(version.description) < MAX_DESCRIPTION_LENGTH
    for heading in ("What to do", "Of 100 flagged", "Each question", "Data", "Figures"):
        assert f"## {heading}\n" in version.description
    for line in version.description.splitlines():
        if line.startswith("!["):
            path, _, run_id = line.partition("get-artifact?path=")[2].rstrip(")").partition("&run_uuid=")
            assert client.list_artifacts(run_id, str(Path(path).parent))
    assert json.loads((artifacts_of(run) / "gate.json").read_text())["passed"] is True


def artifacts_of(run: Run) -> Path:
    return Path(run.info.artifact_uri.removeprefix("file://"))


def test_a_model_has_few_metrics_one_importance_figure_and_a_gate_that_programs_read(trained_shop: Flywheel) -> None:
    client = trained_shop.home.registry().client
    run = client.get_run(str(client.get_model_version("churn", "1").run_id))
    assert set(run.data.metrics) == {"auc", "average_precision", "brier", "ece", "bias"}
    artifacts = artifacts_of(run)
    figures = sorted(path.stem for path in (artifacts / "figures").iterdir())
    assert figures == ["all_tiers", "gains_and_lift", "importance", "reliability"]
    assert json.loads((artifacts / "gate.json").read_text())["model"] == "churn"
    assert (artifacts / "tables" / "all_tiers.csv").read_text().startswith("origin,by,auc")
