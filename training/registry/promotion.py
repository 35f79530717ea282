"""Moving the release that serves, so that a crash at any step is finished by asking again.

The order of the steps is the design: the whole promotion is first noted at the version it is about, then the champion
moves, then all else follows from the note, and the line in the log seals it. A champion whose note is not in the log
was cut short, and is finished before anything else moves.
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
    """Make a release the champion; the standing promotion, unchanged, where it is that already."""
    finish_interrupted(client, log)
    standing = _champion_promotion(client)
    if standing is not None and standing.version == requested.version:
        return standing
    replaced = _replaced_version(requested.version, _release_aliases(client))
    return _move_champion(client, log, replace(requested, replaced=replaced))


def rollback(client: MlflowClient, log: PromotionLog, *, by: str, at: datetime, why: str) -> Promotion:
    """Swap champion and previous; a swap cut short is finished rather than swapped back."""
    finished = finish_interrupted(client, log)
    if finished is not None and finished.kind == "rollback":
        return finished
    now = _release_aliases(client)
    champion, previous = now.get(CHAMPION), now.get(PREVIOUS)
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
    """Finish the champion's promotion if a crash cut it short, and say which that was."""
    note = _champion_promotion(client)
    if note is None or log.contains(note):
        return None
    _update_aliases(client, log, note)
    return note


def set_challenger(client: MlflowClient, name: str, version: str) -> None:
    """Mark a version as the one that waits for promotion; a release takes its models along."""
    named = _model_versions(client, version) if name == RELEASE else {}
    for model, number in {**named, name: version}.items():
        tags_of(client, model, number)
        client.set_registered_model_alias(model, CHALLENGER, number)


def _champion_promotion(client: MlflowClient) -> Promotion | None:
    champion = _release_aliases(client).get(CHAMPION)
    note = None if champion is None else tags_of(client, RELEASE, champion).get(_PROMOTION_TAG)
    return None if note is None else Promotion.parse(note)


def _replaced_version(version: str, current: Mapping[str, str]) -> str | None:
    """What the version replaces: an alias moved by hand may have made it champion without a note."""
    champion = current.get(CHAMPION)
    return current.get(PREVIOUS) if champion == version else champion


def _move_champion(client: MlflowClient, log: PromotionLog, promotion: Promotion) -> Promotion:
    _model_versions(client, promotion.version)
    client.set_model_version_tag(RELEASE, promotion.version, _PROMOTION_TAG, promotion.to_line())
    client.set_registered_model_alias(RELEASE, CHAMPION, promotion.version)
    _update_aliases(client, log, promotion)
    return promotion


def _update_aliases(client: MlflowClient, log: PromotionLog, promotion: Promotion) -> None:
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
    """Model -> version as the release's tags name them; ``VersionNotFound`` where one of them is missing."""
    tags = tags_of(client, RELEASE, release)
    named = {model: tags[model] for model in aliases(client) if model in tags}
    for model, version in named.items():
        tags_of(client, model, version)
    return named


def _promotion_tags(promotion: Promotion) -> dict[str, str]:
    return {
        "promoted_by": promotion.by,
        "promoted_at": promotion.at.isoformat(),
        "promoted_why": promotion.why,
        "replaced": promotion.replaced or "none",
    }
