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

from training.registry.promotion_log import Promotion, PromotionLog
from training.registry.versions import RELEASE, VersionNotFound, aliases, tags_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"
_PROMOTION_TAG = "promotion"


def promote(client: MlflowClient, log: PromotionLog, requested: Promotion) -> Promotion:
    """Make a release the champion; if it is the champion already, return its promotion unchanged."""
    finish_interrupted(client, log)
    current = _champion_promotion(client)
    if current is not None and current.version == requested.version:
        return current
    replaced = _replaced_version(requested.version, _release_aliases(client))
    return _move_champion(client, log, replace(requested, replaced=replaced))


def rollback(client: MlflowClient, log: PromotionLog, *, by: str, at: datetime, why: str) -> Promotion:
    """Swap champion and previous; an interrupted swap is completed, not swapped back.

    Raises:
        VersionNotFound: there is no previous release.
    """
    finished = finish_interrupted(client, log)
    if finished is not None and finished.kind == "rollback":
        return finished
    current = _release_aliases(client)
    champion, previous = current.get(CHAMPION), current.get(PREVIOUS)
    if previous is None or previous == champion:
        raise VersionNotFound(
            f"There is no previous release to go back to: champion is {champion or 'none'}, previous is "
            f"{previous or 'none'}. Promote the release you want by its version instead."
        )
    return _move_champion(
        client,
        log,
        Promotion(version=previous, replaced=champion, by=by, at=at, why=why, gate={}, kind="rollback"),
    )


def finish_interrupted(client: MlflowClient, log: PromotionLog) -> Promotion | None:
    """Complete the champion's promotion if a crash interrupted it, and return it; None otherwise."""
    pending = _champion_promotion(client)
    if pending is None or log.contains(pending):
        return None
    update_aliases(client, log, pending)
    return pending


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
    log.append(promotion)


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
