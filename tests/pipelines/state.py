"""What a home has come to: all that a command may change, and nothing that tells one afternoon from another."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from features.online.lmdb import LmdbReader
from pipelines.home import Home
from training.inference.release import Release
from training.registry.promotion_log import PromotionLog

State = dict[str, Any]


def home_state(home: Home) -> State:
    """Two homes of one shop with equal states answer, and are governed, alike."""
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
    """What a killed command leaves half done, below a home or anywhere."""
    ends = (".tmp", ".new", ".old", ".holder", "-journal")
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.endswith(ends)) + [
        str(path) for path in folder.glob("drafts")
    ]


def _registry_state(home: Home) -> State:
    with TemporaryDirectory() as folder:
        # MLflow keeps a store open as long as the process lives; this one may be put back to what it was.
        shutil.copyfile(home.folder / "mlflow.db", Path(folder) / "mlflow.db")
        client = Home(Path(folder)).registry().client
        experiments = [one for one in client.search_experiments() if one.name != "Default"]
        runs = [
            (experiment.name, run.info.run_name, run.info.status)
            for experiment in experiments
            for run in client.search_runs([experiment.experiment_id])
        ]
        versions = {
            (found.name, str(found.version)): _stable_tags(found.tags) for found in client.search_model_versions()
        }
        aliases = {model.name: dict(model.aliases) for model in client.search_registered_models()}
    made = PromotionLog(home.folder / "promotions.jsonl").read()
    promotions = [(one.kind, one.version, one.replaced, one.why, one.forced) for one in made]
    return {"runs": sorted(runs), "versions": versions, "aliases": aliases, "promotions": promotions}


def _stable_tags(tags: Mapping[str, str]) -> State:
    """What is noted at a version, but for the hour of its promotion."""
    return {key: value for key, value in tags.items() if not key.startswith("promot")}


def _online_digest(home: Home) -> str | None:
    if home.champion() is None or not (home.folder / "online" / "data.mdb").is_file():
        return None
    release = Release.load(home.releases / str(home.champion()))
    customers = [f"{one:05d}" for one in range(1000)] + [f"v{one:04d}" for one in range(50)]
    stored = LmdbReader.open(home.folder / "online", release.views).read(customers)
    found = hashlib.sha256(stored.matrix.tobytes() + stored.features_at.tobytes())
    for name in sorted(stored.lists):
        found.update(stored.lists[name].values.tobytes())
    return found.hexdigest()
