"""Home state: everything that a command may change, without times and durations."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from features.online.lmdb import LmdbReader
from pipelines.home import Home
from training.inference.release_manifest import ReleaseManifest
from training.registry.promotion_log import PromotionLog

State = dict[str, Any]


def home_state(home: Home) -> State:
    """Return the state of a home; two homes of one shop with equal states give equal predictions."""
    return {
        **_registry_state(home),
        "pointer": home.champion(),
        "files": {
            str(path.relative_to(home.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (home.features, home.releases)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
        "scores": hashlib.sha256(home.scores.read_bytes()).hexdigest() if home.scores.is_file() else None,
        "online": _online_digest(home),
        "left over": leftover_files(home.folder),
    }


def leftover_files(folder: Path) -> list[str]:
    """Return the temporary files that a killed command leaves below a folder."""
    suffixes = (".tmp", ".new", ".old", ".holder", "-journal")
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.endswith(suffixes)) + [
        str(path) for path in folder.glob("drafts")
    ]


def _registry_state(home: Home) -> State:
    with TemporaryDirectory() as folder:
        # MLflow keeps a store open as long as the process lives; the original may be restored by a test.
        shutil.copyfile(home.folder / "mlflow.db", Path(folder) / "mlflow.db")
        client = Home(Path(folder)).registry().client
        experiments = [experiment for experiment in client.search_experiments() if experiment.name != "Default"]
        runs = [
            (experiment.name, run.info.run_name, run.info.status)
            for experiment in experiments
            for run in client.search_runs([experiment.experiment_id])
        ]
        versions = {
            (version.name, str(version.version)): _stable_tags(version.tags)
            for version in client.search_model_versions()
        }
        aliases = {model.name: dict(model.aliases) for model in client.search_registered_models()}
    entries = PromotionLog(home.folder / "promotions.jsonl").read()
    promotions = [(entry.kind, entry.version, entry.replaced, entry.why, entry.forced) for entry in entries]
    return {"runs": sorted(runs), "versions": versions, "aliases": aliases, "promotions": promotions}


def _stable_tags(tags: Mapping[str, str]) -> State:
    """Return the tags of a version without the time of its promotion."""
    return {key: value for key, value in tags.items() if not key.startswith("promot")}


def _online_digest(home: Home) -> str | None:
    if home.champion() is None or not (home.folder / "online" / "data.mdb").is_file():
        return None
    release = ReleaseManifest.read(home.releases / str(home.champion()))
    customers = [f"{number:05d}" for number in range(1000)] + [f"v{number:04d}" for number in range(50)]
    stored = LmdbReader.open(home.folder / "online", release.views).read(customers)
    digest = hashlib.sha256(stored.matrix.tobytes() + stored.features_at.tobytes())
    for name in sorted(stored.lists):
        digest.update(stored.lists[name].values.tobytes())
    return digest.hexdigest()
