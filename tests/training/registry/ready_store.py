"""Registry template: a registry with a migrated store in any folder, made by copying one megabyte."""

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
    """The result of ``Registry.open``, without the seconds of migrations."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(_template().name) / "mlflow.db", home / "mlflow.db")
    return Registry.open(home)


@cache
def _three_releases() -> "TemporaryDirectory[str]":
    folder: TemporaryDirectory[str] = TemporaryDirectory()
    registry = registry_in(Path(folder.name) / "home")
    artifacts = Path(folder.name) / "artifacts"
    for model in ("churn", "ltv"):
        (artifacts / model).mkdir(parents=True)
        (artifacts / model / "trees.txt").write_text("tree")
    run = registry.log_run(Run(name="release", experiment="training", fingerprint="f", folder=artifacts))
    for release in "123":
        models = {"churn": release} if release == "2" else {"churn": release, "ltv": str((int(release) + 1) // 2)}
        for model in models:
            registry.register(model, run, f"model/{model}", "", {}, fingerprint=release)
        registry.register("release", run, "model", "", models, fingerprint=release)
    return folder


def three_releases_in(home: Path) -> Registry:
    """Releases 1, 2 and 3 with churn 1, 2 and 3, and ltv 1, none and 2; none is promoted."""
    shutil.copytree(Path(_three_releases().name) / "home", home, dirs_exist_ok=True)
    return Registry.open(home)
