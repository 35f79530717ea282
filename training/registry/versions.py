"""Registered versions: created once per fingerprint, with a sha256 per file, and copied whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from features.errors import NotFound
from training.registry import release_files

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

RELEASE = "release"

RELEASE_DESCRIPTION = (
    "The unit that serves: one version names the versions of the three models, the feature service and the sha256 "
    "of every file. `champion` serves, `previous` is one command away, `challenger` waits for promotion. "
    "Move `champion` while `flywheel ui` runs, and that release serves within seconds, or the alias is put back and "
    "the tag `promotion_refused` says why. A release with the tag `barred` was rolled back; a person may bring it back."
)

# The column's width in MLflow's schema; SQLite takes more, PostgreSQL refuses it.
MAX_DESCRIPTION_LENGTH = 5000
TRUNCATION_NOTE = "\n\n*(Cut here: MLflow keeps 5,000 characters. The whole text is among the run's artefacts.)*"
MAX_TAG_LENGTH = 5000
_SHA256_TAG = "sha256"  # JSON, file -> digest
_SHA256_TAG_PREFIX = "sha256/"  # one tag per file, of older releases and of releases with many files
_ARTIFACT_PATH_TAG = "artifact_path"


class VersionNotFound(NotFound):
    """The registry has no such version or alias."""


@dataclass(frozen=True, kw_only=True)
class ModelVersionSpec:
    """The specification of a new version."""

    name: str
    run_id: str
    artifact_path: str
    description: str
    tags: Mapping[str, str]
    fingerprint: str


def register(client: MlflowClient, spec: ModelVersionSpec) -> str:
    """The version with this name and fingerprint; created now from the run's artefacts unless it exists.

    Raises:
        VersionNotFound: the run has no artefacts under the path.
    """
    describe(client, spec.name, RELEASE_DESCRIPTION if spec.name == RELEASE else "")
    existing = client.search_model_versions(f"name = '{spec.name}' and tags.fingerprint = '{spec.fingerprint}'")
    if existing:
        return str(existing[0].version)
    run_id, path = spec.run_id, spec.artifact_path
    digests = _digest_tags(_hash_artifacts(client, run_id, path))
    version = client.create_model_version(
        spec.name,
        source=f"{client.get_run(run_id).info.artifact_uri}/{path}",
        run_id=run_id,
        tags={**spec.tags, **digests, "fingerprint": spec.fingerprint, _ARTIFACT_PATH_TAG: path},
        description=truncate_description(spec.description),
    )
    return str(version.version)


def describe(client: MlflowClient, name: str, description: str) -> None:
    """Make the registered model unless it exists, and set its description unless that is empty."""
    existing = client.search_registered_models(f"name = '{name}'")
    if not existing:
        client.create_registered_model(name, description=description)
    elif description and existing[0].description != description:
        client.update_registered_model(name, description)


def describe_version(client: MlflowClient, name: str, version: str, description: str) -> None:
    """Set the description of a version and of its run, cut to MLflow's limit; raises ``VersionNotFound``."""
    text, described = truncate_description(description), _find_version(client, name, version)
    client.set_tag(str(described.run_id), "mlflow.note.content", text)
    client.update_model_version(name, version, text)


def artifact_address(run_id: str, path: str) -> str:
    """The address of a run's artefact for a page of MLflow's UI, which shows it as an image."""
    return f"get-artifact?path={path}&run_uuid={run_id}"


def _hash_artifacts(client: MlflowClient, run_id: str, artifact_path: str) -> dict[str, str]:
    if not client.list_artifacts(run_id, artifact_path):
        raise VersionNotFound(
            f"Run {run_id} has no artefacts under {artifact_path!r}, so there is nothing to register. "
            "Log the run with a folder first."
        )
    with TemporaryDirectory() as folder:
        return release_files.hash_files(Path(client.download_artifacts(run_id, artifact_path, folder)))


def _digest_tags(digests: Mapping[str, str]) -> dict[str, str]:
    """The digests as one tag, which leaves the list of versions readable, or one per file where they do not fit."""
    together = json.dumps(digests)
    if len(together) <= MAX_TAG_LENGTH:
        return {_SHA256_TAG: together}
    return {f"{_SHA256_TAG_PREFIX}{file}": digest for file, digest in digests.items()}


def _registered_digests(tags: Mapping[str, str]) -> dict[str, str]:
    """File -> sha256 in hex, as ``_digest_tags`` wrote it."""
    if _SHA256_TAG in tags:
        return dict(json.loads(tags[_SHA256_TAG]))
    return {
        key.removeprefix(_SHA256_TAG_PREFIX): value for key, value in tags.items() if key.startswith(_SHA256_TAG_PREFIX)
    }


def truncate_description(description: str) -> str:
    """The description within the limit of every MLflow store, cut at the end of a line."""
    if len(description) <= MAX_DESCRIPTION_LENGTH:
        return description
    return description[: MAX_DESCRIPTION_LENGTH - len(TRUNCATION_NOTE)].rpartition("\n")[0] + TRUNCATION_NOTE


def aliases(client: MlflowClient) -> dict[str, dict[str, str]]:
    """Model -> alias -> version, for every registered model, the release among them."""
    return {
        str(model.name): {alias: str(version) for alias, version in model.aliases.items()}
        for model in client.search_registered_models()
    }


def tags_of(client: MlflowClient, name: str, version: str) -> dict[str, str]:
    """The tags of a version; raises ``VersionNotFound``."""
    return dict(_find_version(client, name, version).tags)


def run_id_of(client: MlflowClient, name: str, version: str) -> str:
    """The run that a version was registered from; raises ``VersionNotFound``."""
    return str(_find_version(client, name, version).run_id)


def _find_version(client: MlflowClient, name: str, version: str) -> ModelVersion:
    number = int(version) if version.isdecimal() else 0
    matches = client.search_model_versions(f"name = '{name}' and version_number = {number}")
    if matches:
        return matches[0]
    numbers = sorted(int(each.version) for each in client.search_model_versions(f"name = '{name}'"))
    registered = ", ".join(str(each) for each in numbers) or "none yet"
    raise VersionNotFound(f"{name!r} has no version {version!r}. Registered: {registered}. Train to make a new one.")


def fetch(client: MlflowClient, version: str, folder: Path) -> Path:
    """Copy a release's artefacts to a local folder, all or none.

    Raises:
        CorruptArtifacts: a file differs from its registered sha256.
        VersionNotFound: there is no such release.
    """
    release_version = _find_version(client, RELEASE, version)
    expected = _registered_digests(release_version.tags)
    if release_files.is_intact(folder, expected):
        return folder
    draft = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    copied = Path(
        client.download_artifacts(str(release_version.run_id), release_version.tags[_ARTIFACT_PATH_TAG], str(draft))
    )
    (copied / release_files.LOADED_MARK).unlink(missing_ok=True)
    release_files.verify_files(copied, expected, f"Release {version}")
    release_files.install_folder(copied, folder)
    shutil.rmtree(draft, ignore_errors=True)
    return folder
