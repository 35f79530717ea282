"""Registry client: runs, versions and release files in MLflow, also after a repeated call or a crash."""

import logging
import math
import os
import socket
import subprocess
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from matplotlib.figure import Figure

from tests.training.registry.ready_store import registry_in, three_releases_in
from training.registry import (
    CorruptArtifacts,
    DatasetInfo,
    Metric,
    Registry,
    Run,
    VersionNotFound,
    ui_command,
    versions,
    write_champion_pointer,
)
from training.registry.versions import MAX_DESCRIPTION_LENGTH, truncate_description

pytestmark = pytest.mark.slow

JUNE = date(2017, 6, 1)
JULY = date(2017, 7, 1)


def training_run(folder: Path | None = None) -> Run:
    return Run(
        name="churn",
        experiment="training",
        fingerprint="ab12",
        params={"num_leaves": 15, "objective": "binary"},
        metrics=[
            Metric("auc/model", 0.87, JUNE.toordinal()),
            Metric("auc/model", 0.86, JULY.toordinal()),
            Metric("auc/recency", math.nan, JUNE.toordinal()),
        ],
        tags={"git_commit": "c0ffee"},
        description="**Churn** within 28 days",
        dataset=DatasetInfo(
            name="transactions", digest="ef" * 32, source="features/transactions.parquet", rows=7, columns={"n": "long"}
        ),
        figures={"reliability": Figure()},
        tables={"deciles": {"decile": [1, 2], "churned": [0.1, 0.2]}},
        texts={"model_card.md": "# Churn\n", "config/flywheel.toml": "name = 'shop'\n"},
        folder=folder,
    )


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return registry_in(tmp_path / "home")


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = tmp_path / "artifacts"
    (folder / "churn").mkdir(parents=True)
    (folder / "churn" / "trees.txt").write_text("tree\n")
    (folder / "release.json").write_text("{}\n")
    return folder


def test_a_run_has_parameters_metrics_tags_and_data(registry: Registry, artifacts: Path) -> None:
    run = registry.client.get_run(registry.log_run(training_run(artifacts)))
    assert (run.info.run_name, run.info.status) == ("churn", "FINISHED")
    assert run.data.params == {"num_leaves": "15", "objective": "binary"}
    assert run.data.metrics == {"auc/model": 0.86}
    assert run.data.tags["mlflow.note.content"] == "**Churn** within 28 days"
    assert run.data.tags["mlflow.source.git.commit"] == "c0ffee"
    assert run.data.tags["data_sha256"] == "ef" * 32
    assert run.inputs is not None
    data = run.inputs.dataset_inputs[0].dataset
    assert (data.name, data.digest, data.profile) == ("transactions", "ef" * 18, '{"num_rows": 7, "num_elements": 7}')


def test_a_metric_is_a_line_over_origins_on_their_dates(registry: Registry) -> None:
    line = registry.client.get_metric_history(registry.log_run(training_run()), "auc/model")
    assert [(point.step, point.value) for point in line] == [(JUNE.toordinal(), 0.87), (JULY.toordinal(), 0.86)]
    assert [datetime.fromtimestamp(point.timestamp / 1000, UTC).date() for point in line] == [JUNE, JULY]


def test_figures_tables_texts_and_artefacts_are_kept_with_the_run(registry: Registry, artifacts: Path) -> None:
    folder = Path(registry.client.download_artifacts(registry.log_run(training_run(artifacts)), ""))
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "figures/reliability.png",
        "tables/deciles.csv",
        "model_card.md",
        "config/flywheel.toml",
        "model/churn/trees.txt",
        "model/release.json",
    }
    assert (folder / "tables" / "deciles.csv").read_text() == "decile,churned\n1,0.1\n2,0.2\n"
    assert folder.is_relative_to(registry.home / "mlartifacts" / "training")


def test_a_wide_run_is_logged_whole(registry: Registry) -> None:
    metrics = [Metric("loss", 1 / step, step) for step in range(1, 1302)]
    run = Run(
        name="ltv", experiment="evaluation", fingerprint="f", params={f"p{n}": n for n in range(230)}, metrics=metrics
    )
    run_id = registry.log_run(run)
    assert len(registry.client.get_run(run_id).data.params) == 230
    assert len(registry.client.get_metric_history(run_id, "loss")) == 1301


def test_the_same_training_is_logged_once(registry: Registry) -> None:
    first = registry.log_run(training_run())
    assert registry.log_run(training_run()) == first
    assert registry.log_run(replace(training_run(), name="ltv")) != first
    assert registry.log_run(replace(training_run(), fingerprint="cd34")) != first


def test_an_interrupted_run_is_logged_anew(registry: Registry) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    figure = Figure()
    figure.savefig = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        registry.log_run(replace(training_run(), figures={"reliability": figure}))
    run_id = registry.log_run(training_run())
    runs = registry.client.search_runs([registry.client.get_run(run_id).info.experiment_id])
    assert [(run.info.run_id, run.info.status) for run in runs] == [(run_id, "FINISHED")]


def test_a_version_carries_its_card_tags_and_the_hash_of_every_file(registry: Registry, artifacts: Path) -> None:
    run_id = registry.log_run(training_run(artifacts))
    version = registry.register("churn", run_id, "model/churn", "# Card", {"feature_service": "churn_v1"}, "ab12")
    assert version == "1"
    assert registry.tags_of("churn", "1") == {
        "feature_service": "churn_v1",
        "sha256": '{"trees.txt": "f27e01fe7624cca3e69811a0bf9a4efd9dca9fd39f7a3a8f939cae0cfe8cdfb8"}',
        "fingerprint": "ab12",
        "artifact_path": "model/churn",
    }
    stored = registry.client.get_model_version("churn", "1")
    assert (stored.description, stored.run_id) == ("# Card", run_id)


def test_a_model_is_listed_with_its_description(registry: Registry, artifacts: Path) -> None:
    registry.describe("churn", "The probability of churn.")
    registry.register("churn", registry.log_run(training_run(artifacts)), "model/churn", "# Card", {}, "ab12")
    assert registry.client.get_registered_model("churn").description == "The probability of churn."
    registry.describe("churn", "P(churn)")
    assert registry.client.get_registered_model("churn").description == "P(churn)"


def test_a_version_is_registered_once_per_fingerprint(registry: Registry, artifacts: Path) -> None:
    run_id = registry.log_run(training_run(artifacts))
    versions = [registry.register("churn", run_id, "model", "", {}, fingerprint) for fingerprint in ("a", "a", "b")]
    assert versions == ["1", "1", "2"]


def test_a_run_without_artefacts_cannot_be_registered(registry: Registry) -> None:
    run_id = registry.log_run(training_run())
    with pytest.raises(VersionNotFound, match="has no artefacts under 'model', so there is nothing to register"):
        registry.register("churn", run_id, "model", "", {}, "ab12")


def test_a_card_above_mlflows_limit_is_cut_at_a_line_with_a_note() -> None:
    cut = truncate_description("a line of a card\n" * 400)
    assert len(cut) <= MAX_DESCRIPTION_LENGTH
    assert cut.endswith("a line of a card\n\n*(Cut here: MLflow keeps 5,000 characters. The whole text is among the "
                        "run's artefacts.)*")  # fmt: skip
    assert truncate_description("# Card") == "# Card"


def test_a_release_is_copied_whole_and_stays_as_it_is(tmp_path: Path) -> None:
    registry, folder = three_releases_in(tmp_path / "home"), tmp_path / "home" / "releases" / "1"
    assert registry.fetch("1", folder) == folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    registry.fetch("1", folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["1"]


def test_a_corrupt_local_copy_is_replaced(tmp_path: Path) -> None:
    registry, folder = three_releases_in(tmp_path / "home"), tmp_path / "home" / "releases" / "1"
    registry.fetch("1", folder)
    (folder / "churn" / "trees.txt").write_text("another tree")
    (folder.parent / ".1.new").mkdir()
    registry.fetch("1", folder)
    assert (folder / "churn" / "trees.txt").read_text() == "tree"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["1"]


def test_a_damaged_release_is_not_installed(registry: Registry, artifacts: Path, tmp_path: Path) -> None:
    run_id = registry.log_run(training_run(artifacts))
    registry.register("release", run_id, "model", "", {}, "ab12")
    (stored,) = registry.home.rglob("trees.txt")
    stored.write_text("another tree")
    with pytest.raises(CorruptArtifacts, match=r"Release 1 is damaged: churn/trees.txt differ"):
        registry.fetch("1", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_the_digests_of_many_files_and_of_older_releases_have_a_tag_each() -> None:
    few, many = {"trees.txt": "a" * 64}, {f"churn/{number}.txt": "a" * 64 for number in range(60)}
    assert list(versions._digest_tags(few)) == ["sha256"]
    assert len(versions._digest_tags(many)) == 60
    for digests in (few, many):
        assert versions._registered_digests(versions._digest_tags(digests)) == digests


def test_the_champion_file_is_replaced_not_rewritten(tmp_path: Path) -> None:
    write_champion_pointer(tmp_path, "7")
    pointer = tmp_path / "releases" / "champion"
    with pointer.open() as reader:
        write_champion_pointer(tmp_path, "8")
        assert reader.read() == "7\n"
    assert pointer.read_text() == "8\n"
    assert [path.name for path in pointer.parent.iterdir()] == ["champion"]


def test_an_interrupted_store_creation_is_repeated(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    home = tmp_path / "100 % sure? #1"
    home.mkdir()
    (home / ".mlflow.db.0a1b2c3d.tmp").write_bytes(b"half a store")
    with caplog.at_level(logging.INFO):
        registry = Registry.open(home)
        registry.log_run(training_run())
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert [path.name for path in home.glob("mlflow.db*")] == ["mlflow.db"]
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


@pytest.mark.slow
def test_the_ui_opens_the_same_store_to_this_machine_only(registry: Registry, artifacts: Path, tmp_path: Path) -> None:
    run_id = registry.log_run(training_run(artifacts))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command, address = ui_command(registry.home, port), f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            figure = f"{address}/get-artifact?run_uuid={run_id}&path=figures/reliability.png"
            assert wait_until_ready(figure).startswith(b"\x89PNG")
            assert httpx.get(address, headers={"Host": "elsewhere.example"}).status_code == 403
        finally:
            server.terminate()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifacts", "home"]


def wait_until_ready(address: str) -> bytes:
    for _ in range(240):
        try:
            return httpx.get(address).content
        except httpx.ConnectError:
            time.sleep(0.25)
    pytest.fail("the UI did not start within a minute")
