"""Freshness checks: what is older than it should be, or does not fit what came later."""

from __future__ import annotations

from datetime import timedelta

from features.calendar import local_day
from features.consents.first_seen import IMPORT_MARKER
from pipelines.diagnostics.check import Finding, check, ok, problem, warning
from pipelines.diagnostics.surroundings import Surroundings

MAX_CHAMPION_AGE = timedelta(days=35)
DEFAULT_FEATURE_AGE_DAYS = 7
_NOTHING = "there is nothing yet"


@check(
    "freshness",
    "configuration",
    expected="a history that was read with the present flywheel.toml",
    remedy="`flywheel run` reads the log again",
)
def configuration_used(surroundings: Surroundings) -> Finding:
    """Whether the configuration changed since the log was read."""
    config, manifest = surroundings.config, surroundings.state.manifest
    if config is None or manifest is None:
        return ok(_NOTHING)
    is_same = manifest.config == config.fingerprint
    return ok("unchanged since the log was read") if is_same else warning("it changed after the log was read")


@check(
    "freshness",
    "features",
    expected="features that are not older than max_feature_age_days",
    remedy="`flywheel run`, or `flywheel publish`: until then answers have the status stale_features; if the log has "
    "ended, `flywheel serve` and `flywheel explain` with `--as-of` and the day after its end",
)
def features_age(surroundings: Surroundings) -> Finding:
    """The age of the published features."""
    day = surroundings.state.features_as_of
    if day is None:
        return ok(_NOTHING)
    limit, age = _max_feature_age(surroundings), (surroundings.today - day).days
    if age < 0:
        return warning(f"they are as of {day}, and today is {surroundings.today}")
    found = f"as of {day}, {age:,} days old"
    return ok(found) if age <= limit else warning(f"{found}; the limit is {limit}")


def _max_feature_age(surroundings: Surroundings) -> int:
    if surroundings.state.champion is not None:
        return surroundings.state.champion.metadata.max_feature_age_days
    config = surroundings.config
    return DEFAULT_FEATURE_AGE_DAYS if config is None else config.business.max_feature_age_days


@check(
    "freshness",
    "champion",
    expected=f"a release that was trained on a log up to at most {MAX_CHAMPION_AGE.days} days before the features",
    remedy="`flywheel run` trains; if the gate refuses new releases, see why with `flywheel ui`",
)
def champion_age(surroundings: Surroundings) -> Finding:
    """The age of the training of the serving release."""
    champion, features_day = surroundings.state.champion, surroundings.state.features_as_of
    if champion is None:
        return ok(_NOTHING)
    trained = local_day(champion.metadata.as_of, surroundings.zone)
    found = f"trained as of {trained}"
    age = (features_day or trained) - trained
    return ok(found) if age <= MAX_CHAMPION_AGE else warning(f"{found}, {age.days} days before the features")


@check(
    "freshness",
    "scores",
    expected="scores of the champion, as of the day of the features",
    remedy="`flywheel score`",
)
def scores_age(surroundings: Surroundings) -> Finding:
    """Whether the scores table fits the champion and the features."""
    state, scores = surroundings.state, surroundings.state.scores
    if scores is None:
        path = surroundings.home.scores
        return problem(f"{path} is not a scores table") if path.exists() else ok(_NOTHING)
    day, faults = scores.as_of.astimezone(surroundings.zone).date(), []
    if scores.release != surroundings.home.champion():
        faults.append(f"by release {scores.release}, while release {surroundings.home.champion()} serves")
    if state.features_as_of is not None and day < state.features_as_of:
        faults.append(f"older than the features of {state.features_as_of}")
    found = f"{scores.customers:,} customers as of {day}"
    return warning(f"{found}, {', '.join(faults)}") if faults else ok(f"{found}, by release {scores.release}")


@check(
    "freshness",
    "consents",
    expected="the consents of the log that was read last",
    remedy="`flywheel ingest` imports them",
)
def consents_import(surroundings: Surroundings) -> Finding:
    """Whether the consents of the log were imported after it was read."""
    manifest, marker = surroundings.state.manifest, surroundings.home.history / IMPORT_MARKER
    if manifest is None:
        return ok(_NOTHING)
    imported = marker.read_text() if marker.is_file() else ""
    has_consents = any(table.table == "consents" for table in manifest.tables)
    if imported.startswith(f"{manifest.config} {manifest.source}"):
        return ok("imported from the log" if has_consents else "the log has none; those of HTTP and the defaults count")
    return warning("the import was stopped, or never ran")


FRESHNESS_CHECKS = (configuration_used, features_age, champion_age, scores_age, consents_import)
