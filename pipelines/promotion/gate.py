"""Promotion gate: the gate of a release, judged against the champion of today instead of the one at its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.home import Home
from pipelines.promotion.refusals import GateRejected
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from training.registry import Registry


def current_gate(registry: Registry, home: Home, version: str) -> dict[str, Any]:
    """Evaluate the gate of a release on disk against the release that serves now."""
    from training.evaluation.quality_gate import lower_tiers

    manifest = ReleaseManifest.read(home.releases / version)
    champion_version = home.champion() or registry.version_of("release", "champion")
    regressed_models = list(manifest.gate.regressions)
    if champion_version not in {None, version}:
        champion = _champion_manifest(home, str(champion_version))
        # A champion with other columns cannot read the published features, so no regression is possible.
        if champion is not None and champion.views == manifest.views:
            regressed_models += lower_tiers(manifest.tiers, champion.tiers)
    passed = manifest.gate.passed and not regressed_models
    return {**asdict(manifest.gate), "passed": passed, "regressions": sorted(set(regressed_models))}


def rejection(home: Home, version: str, gate: Mapping[str, Any]) -> GateRejected:
    """Return the error of a rejected release: why, who serves, and what to do."""
    serving = "The champion keeps" if home.champion() else "No release is"
    return GateRejected(
        f"The gate rejects release {version}: {_reasons(gate)}. {serving} serving.{_acceptance(gate)} See its "
        f"run in `flywheel ui`; to promote it nevertheless: flywheel promote --version {version} --force --why "
        "REASON."
    )


def _reasons(gate: Mapping[str, Any]) -> str:
    """The reasons of a rejection as one sentence without its full stop."""
    reasons = list(gate["refutations"])
    if gate["regressions"]:
        reasons.append(f"the champion answers {', '.join(gate['regressions'])} surely better, or from a higher tier")
    reasons += [f"{code}: {sentence.removesuffix('.')}" for code, sentence in gate["implausible"].items()]
    return "; ".join(reasons)


def _acceptance(gate: Mapping[str, Any]) -> str:
    """How to accept what looks implausible in the log, as a sentence after a space; empty where nothing does."""
    codes = ", ".join(f'"{code}"' for code in gate["implausible"])
    return f" If the log is right, accept it in flywheel.toml, accept = [{codes}], and run again." if codes else ""


def _champion_manifest(home: Home, version: str) -> ReleaseManifest | None:
    """Return the champion's manifest; None if it is damaged or of another version, so that it cannot serve."""
    try:
        return ReleaseManifest.read(home.releases / version)
    except CorruptRelease:
        return None
