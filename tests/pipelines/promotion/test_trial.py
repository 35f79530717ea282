"""Trial: a release that cannot serve moves nothing, and says why and who goes on serving."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.home import Home
from pipelines.promotion import trial
from pipelines.promotion.refusals import TrialFailed
from tests.serving.fakes import VIEWS, FakeRelease, constant_rate_forecast
from training.registry import Registry
from training.registry.release_files import CorruptArtifacts

INTACT = cast("Registry", SimpleNamespace(fetch=lambda _version, folder: folder))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose release 2 serves."""
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases/champion").write_text("2\n")
    return Home(tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeRelease], None]:
    """Let every folder hold this release."""
    return lambda release: monkeypatch.setattr(trial, "load_release", lambda _: release)


def refusal(home: Home, registry: Registry = INTACT) -> str:
    with pytest.raises(TrialFailed) as failed:
        trial.try_release(registry, home, "1")
    return str(failed.value)


def test_a_sound_release_passes(home: Home, load: Callable[[FakeRelease], None]) -> None:
    load(FakeRelease(version="1"))
    trial.try_release(INTACT, home, "1")


def test_a_release_that_answers_wrongly_fails(home: Home, load: Callable[[FakeRelease], None]) -> None:
    load(FakeRelease(version="1", answer=lambda rows, _: constant_rate_forecast(np.full(len(rows), np.nan))))
    assert refusal(home).startswith("Release 1 cannot serve: Release 1 failed its check on synthetic customers: found ")
    assert refusal(home).endswith(" Nothing was changed; release 2 goes on serving.")


def test_a_release_whose_code_has_changed_is_of_another_version(
    home: Home, load: Callable[[FakeRelease], None]
) -> None:
    def answer(*_: object) -> NoReturn:
        raise AttributeError("'BtydRung' object has no attribute 'buyer_scale'")

    load(FakeRelease(version="1", answer=answer))
    assert "was made by another version of Flywheel: its files are as they were registered" in refusal(home)


def test_a_release_of_an_older_format_fails_before_anything_is_built(home: Home) -> None:
    folder = home.releases / "1"
    folder.mkdir()
    content = json.dumps({"format": 1}).encode()
    (folder / "release.json").write_bytes(content)
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  release.json\n")
    assert refusal(home) == (
        "Release 1 cannot serve: Release 1 was made by an older version of Flywheel: found format 1, expected 2. Train "
        "again with `flywheel run`, or promote a release that this version made. Nothing was changed; release 2 goes "
        "on serving."
    )


def test_a_release_whose_artefacts_are_damaged_fails(home: Home) -> None:
    def fetch(_version: str, _folder: Path) -> Path:
        raise CorruptArtifacts("Release 1 is damaged.")

    (home.releases / "champion").unlink()
    found = refusal(home, cast("Registry", SimpleNamespace(fetch=fetch)))
    assert found == "Release 1 cannot serve: Release 1 is damaged. Nothing was changed; no release serves yet."


def test_a_release_that_needs_other_features_than_the_published_ones_fails(
    home: Home, load: Callable[[FakeRelease], None]
) -> None:
    load(FakeRelease(version="1"))
    home.features.mkdir()
    home.publication.write_text("{}")
    keys = ["customer_id", "event_timestamp"]
    for view in VIEWS:
        names = [*keys, *(column.name for column in view.columns)]
        pq.write_table(
            pa.table({name: pa.array([], pa.float64()) for name in names}), home.features / f"{view.name}.parquet"
        )
    trial.try_release(INTACT, home, "1")
    pq.write_table(pa.table(dict.fromkeys(keys, pa.array([1.0]))), home.features / f"{VIEWS[0].name}.parquet")
    assert f"It needs the columns {VIEWS[0].columns[0].name}, " in refusal(home)
    assert "Run `flywheel publish` with the flywheel.toml of that release first." in refusal(home)
