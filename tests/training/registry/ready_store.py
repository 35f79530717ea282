"""A registry with a ready store in any folder, for the price of copying one megabyte."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from training.registry import Registry, Run


@cache
def _template() -> "TemporaryDirectory[str]":
    folder: TemporaryDirectory[str] = TemporaryDirectory()
    Registry.open(Path(folder.name))
    return folder


def registry_in(home: Path) -> Registry:
    """What ``Registry.open`` gives, without its seconds of migrations."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(_template().name) / "mlflow.db", home / "mlflow.db")
    return Registry.open(home)


@cache
def _three_releases() -> "TemporaryDirectory[str]":
    folder: TemporaryDirectory[str] = TemporaryDirectory()
    registry = registry_in(Path(folder.name) / "home")
    artefacts = Path(folder.name) / "artifact_path"
    for model in ("churn", "ltv"):
        (artefacts / model).mkdir(parents=True)
        (artefacts / model / "trees.txt").write_text("tree")
    run = registry.log_run(Run(name="release", experiment="training", fingerprint="f", folder=artefacts))
    for release in "123":
        models = {"churn": release} if release == "2" else {"churn": release, "ltv": str((int(release) + 1) // 2)}
        for model in models:
            registry.register(model, run, f"model/{model}", "", {}, fingerprint=release)
        registry.register("release", run, "model", "", models, fingerprint=release)
    return folder


def three_releases_in(home: Path) -> Registry:
    """Releases 1, 2 and 3 of churn 1, 2 and 3, and ltv 1, none and 2; nothing promoted yet."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(_three_releases().name) / "home" / "mlflow.db", home / "mlflow.db")
    return Registry.open(home)
