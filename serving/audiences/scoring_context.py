"""Scoring context: the shop's settings and the model cards of the release that scored the table."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from serving.audiences.builder import AudienceContext
from serving.audiences.economics.assembly import EffectSources
from serving.audiences.errors import InvalidScores
from serving.audiences.query.scores_table import Columns
from training.experiments.record.experiment_folder import ExperimentFolder
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest


def scoring_release(columns: Columns) -> str:
    """Return the release that scored the table.

    Raises:
        InvalidScores: the table is empty, or does not name a release.
    """
    if not len(columns) or "release" not in columns:
        raise InvalidScores(
            f"Found no customers in {columns.path}; expected what `flywheel score` writes. Run it again."
        )
    version: str = columns["release"].take([0])[0].as_py()  # type: ignore[arg-type]
    return version


@lru_cache(maxsize=8)
def audience_context(home: Path, version: str) -> AudienceContext:
    """Return the shop's settings and the model cards from the release that scored."""
    try:
        manifest = ReleaseManifest.read(home / "releases" / version)
    except CorruptRelease as error:
        raise InvalidScores(
            f"Found scores of release {version}, which cannot be read: {error} Then score again with `flywheel score`."
        ) from None
    return AudienceContext(
        zone=ZoneInfo(manifest.metadata.timezone),
        bands=manifest.metadata.bands,
        currency=manifest.metadata.currency if manifest.metadata.has_amounts else None,
        cards=manifest.cards,
        secret=b"",
        effects=EffectSources(ExperimentFolder(home), manifest.metadata.uplift),
    )
