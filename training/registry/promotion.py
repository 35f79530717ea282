"""Promotion: moves champion, previous and challenger so that a repeated call completes an interrupted one.

The order of the steps makes this safe. The whole promotion is first written to a tag of its version, then the champion
alias moves, then the other aliases follow, and a line in the log completes it. A champion with a tag but no line in the
log was interrupted; it is completed before any other move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from training.registry.promotion_history import bar_sentence, barred_releases, served_before
from training.registry.promotion_log import Promotion, PromotionLog
from training.registry.versions import RELEASE, VersionNotFound, aliases, tags_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"
BARRED_TAG, REFUSED_TAG = "barred", "promotion_refused"
_PROMOTION_TAG = "promotion"


def promote(client: MlflowClient, log: PromotionLog, requested: Promotion) -> Promotion:
    """Make a release the champion; if it is the champion already, return its promotion unchanged."""
    finish_interrupted(client, log)
    newest = log.newest() or _champion_promotion(client)
    if newest is not None and newest.version == requested.version:
        restore_champion(client, log, newest.version)
        return newest
    replaced = _replaced_version(requested.version, _release_aliases(client)) if newest is None else newest.version
    return _move_champion(client, log, replace(requested, replaced=replaced))


def rollback(client: MlflowClient, log: PromotionLog, *, by: str, at: datetime, why: str) -> Promotion:
    """Make the release that served before the champion again; an interrupted rollback is completed.

    Raises:
        VersionNotFound: there is no such release, or it was rolled back itself.
    """
    version = rollback_target(client, log)
    finished = finish_interrupted(client, log)
    if finished is not None and finished.kind == "rollback":
        return finished
    newest = log.newest()
    champion = _release_aliases(client).get(CHAMPION) if newest is None else newest.version
    requested = Promotion(version=version, replaced=champion, by=by, at=at, why=why, gate={}, kind="rollback")
    return _move_champion(client, log, requested)


def rollback_target(client: MlflowClient, log: PromotionLog) -> str:
    """The release that a rollback makes the champion.

    Raises:
        VersionNotFound: there is no such release.
    """
    pending, current = _interrupted_promotion(client, log), _release_aliases(client)
    if pending is not None and pending.kind == "rollback":
        return pending.version
    promotions = [*log.read(), *([] if pending is None else [pending])]
    version = served_before(promotions, current)
    if version is None:
        previous = current.get(PREVIOUS, "none")
        bar = barred_releases(promotions).get(previous)
        barred = "" if bar is None else f", which was {bar_sentence(bar)} (`flywheel promote --resume` brings it back)"
        raise VersionNotFound(
            f"There is no previous release to go back to: champion is {current.get(CHAMPION, 'none')}, previous is "
            f"{previous}{barred}. Promote the release you want by its version instead."
        )
    return version


def restore_champion(client: MlflowClient, log: PromotionLog, serving: str | None) -> None:
    """Set the aliases as the promotion of the serving release left them, wherever somebody moved them.

    Args:
        client: MLflow's client.
        log: every change of the champion; its newest line says what the models' aliases name.
        serving: the release that serves; None where none does, so that no alias may name a champion.
    """
    _set_alias(client, RELEASE, CHAMPION, _release_aliases(client), serving)
    newest = log.newest()
    if newest is not None and newest.version == serving:
        update_aliases(client, log, newest)


def finish_interrupted(client: MlflowClient, log: PromotionLog) -> Promotion | None:
    """Complete the champion's promotion if a crash interrupted it, and return it; None otherwise."""
    pending = _interrupted_promotion(client, log)
    if pending is not None:
        update_aliases(client, log, pending)
    return pending


def _interrupted_promotion(client: MlflowClient, log: PromotionLog) -> Promotion | None:
    """The champion's promotion, if the log does not have it yet."""
    pending = _champion_promotion(client)
    return None if pending is None or log.contains(pending) else pending


def bar_of(client: MlflowClient, log: PromotionLog, version: str) -> str | None:
    """The sentence of a release's bar, from the log or, where the home lost it, from the tag; None without a bar."""
    rollback_of = barred_releases(log.read()).get(version)
    tagged = tags_of(client, RELEASE, version).get(BARRED_TAG)
    return tagged if rollback_of is None else bar_sentence(rollback_of)


def set_challenger(client: MlflowClient, name: str, version: str) -> None:
    """Mark a version as waiting for promotion; the models of a release are marked with it."""
    model_versions = _model_versions(client, version) if name == RELEASE else {}
    for model, number in {**model_versions, name: version}.items():
        tags_of(client, model, number)
        client.set_registered_model_alias(model, CHALLENGER, number)


def _champion_promotion(client: MlflowClient) -> Promotion | None:
    champion = _release_aliases(client).get(CHAMPION)
    line = None if champion is None else tags_of(client, RELEASE, champion).get(_PROMOTION_TAG)
    return None if line is None else Promotion.parse(line)


def _replaced_version(version: str, current: Mapping[str, str]) -> str | None:
    """The version that is replaced; a champion alias moved by hand has no promotion."""
    champion = current.get(CHAMPION)
    return current.get(PREVIOUS) if champion == version else champion


def _move_champion(client: MlflowClient, log: PromotionLog, promotion: Promotion) -> Promotion:
    _model_versions(client, promotion.version)
    client.set_model_version_tag(RELEASE, promotion.version, _PROMOTION_TAG, promotion.to_line())
    client.set_registered_model_alias(RELEASE, CHAMPION, promotion.version)
    update_aliases(client, log, promotion)
    return promotion


def update_aliases(client: MlflowClient, log: PromotionLog, promotion: Promotion) -> None:
    """Set the aliases and tags that follow from a promotion of the champion, then log it; idempotent."""
    champions = {RELEASE: promotion.version, **_model_versions(client, promotion.version)}
    previous = {}
    if promotion.replaced is not None:
        previous = {RELEASE: promotion.replaced, **_model_versions(client, promotion.replaced)}
    for model, now in aliases(client).items():
        _set_alias(client, model, CHAMPION, now, champions.get(model))
        _set_alias(client, model, PREVIOUS, now, previous.get(model))
        if model in champions and now.get(CHALLENGER) == champions[model]:
            client.delete_registered_model_alias(model, CHALLENGER)
    for key, value in _promotion_tags(promotion).items():
        client.set_model_version_tag(RELEASE, promotion.version, key, value)
    _update_bars(client, promotion)
    log.append(promotion)


def _update_bars(client: MlflowClient, promotion: Promotion) -> None:
    """Tag the release that a rollback bars, and remove what spoke against the one that serves now."""
    if promotion.kind == "rollback" and promotion.replaced is not None:
        client.set_model_version_tag(RELEASE, promotion.replaced, BARRED_TAG, bar_sentence(promotion))
    tags = tags_of(client, RELEASE, promotion.version)
    for tag in (BARRED_TAG, REFUSED_TAG):
        if tag in tags:
            client.delete_model_version_tag(RELEASE, promotion.version, tag)


def _set_alias(client: MlflowClient, model: str, alias: str, current: Mapping[str, str], version: str | None) -> None:
    if version is None and alias in current:
        client.delete_registered_model_alias(model, alias)
    elif version is not None and version != current.get(alias):
        client.set_registered_model_alias(model, alias, version)


def _release_aliases(client: MlflowClient) -> dict[str, str]:
    return aliases(client).get(RELEASE, {})


def _model_versions(client: MlflowClient, release: str) -> dict[str, str]:
    """Model -> version from the tags of a release; raises ``VersionNotFound`` for a missing one."""
    tags = tags_of(client, RELEASE, release)
    versions = {model: tags[model] for model in aliases(client) if model in tags}
    for model, version in versions.items():
        tags_of(client, model, version)
    return versions


def _promotion_tags(promotion: Promotion) -> dict[str, str]:
    return {
        "promoted_by": promotion.by,
        "promoted_at": promotion.at.isoformat(),
        "promoted_why": promotion.why,
        "replaced": promotion.replaced or "none",
    }
