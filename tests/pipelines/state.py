"""What a home has come to: all that a command may change, and nothing that tells one afternoon from another."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from features.packed.lmdb import PackedReader
from pipelines.home import Home
from training.predict.release import Release

Facts = dict[str, Any]


def state(home: Home) -> Facts:
    """Two homes of one shop with equal states answer, and are governed, alike."""
    return {
        **_registered(home),
        "pointer": home.champion(),
        "files": {
            str(path.relative_to(home.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (home.features, home.releases)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
        "scores": hashlib.sha256(home.scores.read_bytes()).hexdigest() if home.scores.is_file() else None,
        "online": _online(home),
        "left over": left_over(home.folder),
    }


def left_over(folder: Path) -> list[str]:
    """What a killed command leaves half done, below a home or anywhere."""
    ends = (".tmp", ".new", ".old", ".holder", "-journal")
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.endswith(ends)) + [
        str(path) for path in folder.glob("drafts")
    ]


def _registered(home: Home) -> Facts:
    registry = home.registry()
    experiments = [one for one in registry.client.search_experiments() if one.name != "Default"]
    return {
        "runs": sorted(
            (one.name, run.info.run_name, run.info.status)
            for one in experiments
            for run in registry.client.search_runs([one.experiment_id])
        ),
        "versions": {
            (found.name, str(found.version)): {
                key: value for key, value in found.tags.items() if not key.startswith("promot")
            }
            for found in registry.client.search_model_versions()
        },
        "aliases": {model.name: dict(model.aliases) for model in registry.client.search_registered_models()},
        "promotions": [(one.kind, one.version, one.replaced, one.why, one.forced) for one in registry.promotions()],
    }


def _online(home: Home) -> str | None:
    if home.champion() is None or not (home.folder / "online" / "data.mdb").is_file():
        return None
    release = Release.load(home.releases / str(home.champion()))
    customers = [f"{one:05d}" for one in range(1000)] + [f"v{one:04d}" for one in range(50)]
    stored = PackedReader.open(home.folder / "online", release.views).read(customers)
    found = hashlib.sha256(stored.matrix.tobytes() + stored.features_at.tobytes())
    for name in sorted(stored.lists):
        found.update(stored.lists[name].values.tobytes())
    return found.hexdigest()
