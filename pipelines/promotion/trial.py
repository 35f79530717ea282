"""Trial: a release is fetched, loaded and asked before the champion pointer or an alias moves to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from features.views import CUSTOMER_ID, EVENT_TIMESTAMP, View
from pipelines.home import Home
from pipelines.promotion.refusals import TrialFailed
from serving.releases.release_check import ReleaseCheckFailed, smoke_test
from training.inference.release import Release
from training.inference.release_errors import CorruptRelease, OtherFormat
from training.models import load_release
from training.registry.release_files import CorruptArtifacts

if TYPE_CHECKING:
    from training.registry import Registry

_KEYS = [CUSTOMER_ID, EVENT_TIMESTAMP]


def try_release(registry: Registry, home: Home, version: str) -> None:
    """Fetch a release into the home, load it as the service does, and ask it about customers that are made up.

    Raises:
        TrialFailed: it does not load, its answers are invalid, or it needs other features than the published ones.
        VersionNotFound: there is no such release.
    """
    try:
        release = load_release(registry.fetch(version, home.releases / version))
        _ask(release)
    except (CorruptRelease, CorruptArtifacts, ReleaseCheckFailed) as error:
        raise TrialFailed(_refusal(home, version, str(error))) from None
    if other := _other_features(home, release.views):
        remedy = "Run `flywheel publish` with the flywheel.toml of that release first."
        raise TrialFailed(_refusal(home, version, f"It needs {other}, and the published features differ. {remedy}"))


def _ask(release: Release) -> None:
    try:
        smoke_test(release)
    except ReleaseCheckFailed:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever the code of another version's release raises, it cannot serve
        raise OtherFormat.of_contents(release.version, f"{type(error).__name__}: {error}") from None


def _refusal(home: Home, version: str, reason: str) -> str:
    champion = home.champion()
    serving = f"release {champion} goes on serving" if champion else "no release serves yet"
    return f"Release {version} cannot serve: {reason} Nothing was changed; {serving}."


def _other_features(home: Home, views: tuple[View, ...]) -> str:
    """The views whose published columns differ from those of the release; empty before the first publication."""
    if not home.publication.is_file():
        return ""
    differing = []
    for view in views:
        path = home.features / f"{view.name}.parquet"
        published = pq.read_schema(path).names if path.is_file() else []
        if published != [*_KEYS, *(column.name for column in view.columns)]:
            differing.append(f"the columns {', '.join(column.name for column in view.columns)} of {view.name!r}")
    return "; ".join(differing)
