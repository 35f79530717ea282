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
from training.registry.versions import RELEASE, NotRegistered, aliases, tags_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"
_NOTE = "promotion"


def promote(client: MlflowClient, log: PromotionLog, wanted: Promotion) -> Promotion:
    """Make a release the champion; the standing promotion, unchanged, where it is that already."""
    settle(client, log)
    standing = _note(client)
    if standing is not None and standing.version == wanted.version:
        return standing
    replaced = _other_than(wanted.version, _of_release(client))
    return _move(client, log, replace(wanted, replaced=replaced))


def rollback(client: MlflowClient, log: PromotionLog, *, by: str, at: datetime, why: str) -> Promotion:
    """Swap champion and previous; a swap cut short is finished rather than swapped back."""
    finished = settle(client, log)
    if finished is not None and finished.kind == "rollback":
        return finished
    now = _of_release(client)
    champion, previous = now.get(CHAMPION), now.get(PREVIOUS)
    if previous is None or previous == champion:
        raise NotRegistered(
            f"There is no previous release to go back to: champion is {champion or 'none'}, previous is "
            f"{previous or 'none'}. Promote the release you want by its version instead."
        )
    return _move(
        client,
        log,
        Promotion(version=previous, replaced=champion, by=by, at=at, why=why, gate={}, kind="rollback"),
    )


def settle(client: MlflowClient, log: PromotionLog) -> Promotion | None:
    """Finish the champion's promotion if a crash cut it short, and say which that was."""
    note = _note(client)
    if note is None or log.has(note):
        return None
    _follow(client, log, note)
    return note


def challenge(client: MlflowClient, name: str, version: str) -> None:
    """Mark a version as the one that waits for promotion; a release takes its models along."""
    named = _named(client, version) if name == RELEASE else {}
    for model, number in {**named, name: version}.items():
        tags_of(client, model, number)
        client.set_registered_model_alias(model, CHALLENGER, number)


def _note(client: MlflowClient) -> Promotion | None:
    champion = _of_release(client).get(CHAMPION)
    note = None if champion is None else tags_of(client, RELEASE, champion).get(_NOTE)
    return None if note is None else Promotion.parse(note)


def _other_than(version: str, now: Mapping[str, str]) -> str | None:
    """What the version replaces: an alias moved by hand may have made it champion without a note."""
    champion = now.get(CHAMPION)
    return now.get(PREVIOUS) if champion == version else champion


def _move(client: MlflowClient, log: PromotionLog, promotion: Promotion) -> Promotion:
    _named(client, promotion.version)
    client.set_model_version_tag(RELEASE, promotion.version, _NOTE, promotion.line())
    client.set_registered_model_alias(RELEASE, CHAMPION, promotion.version)
    _follow(client, log, promotion)
    return promotion


def _follow(client: MlflowClient, log: PromotionLog, promotion: Promotion) -> None:
    champions = {RELEASE: promotion.version, **_named(client, promotion.version)}
    previous = {}
    if promotion.replaced is not None:
        previous = {RELEASE: promotion.replaced, **_named(client, promotion.replaced)}
    for model, now in aliases(client).items():
        _point(client, model, CHAMPION, now, champions.get(model))
        _point(client, model, PREVIOUS, now, previous.get(model))
        if model in champions and now.get(CHALLENGER) == champions[model]:
            client.delete_registered_model_alias(model, CHALLENGER)
    for key, value in _facts(promotion).items():
        client.set_model_version_tag(RELEASE, promotion.version, key, value)
    log.append(promotion)


def _point(client: MlflowClient, model: str, alias: str, now: Mapping[str, str], version: str | None) -> None:
    if version is None and alias in now:
        client.delete_registered_model_alias(model, alias)
    elif version is not None and version != now.get(alias):
        client.set_registered_model_alias(model, alias, version)


def _of_release(client: MlflowClient) -> dict[str, str]:
    return aliases(client).get(RELEASE, {})


def _named(client: MlflowClient, release: str) -> dict[str, str]:
    """Model -> version as the release's tags name them; ``NotRegistered`` where one of them is missing."""
    tags = tags_of(client, RELEASE, release)
    named = {model: tags[model] for model in aliases(client) if model in tags}
    for model, version in named.items():
        tags_of(client, model, version)
    return named


def _facts(promotion: Promotion) -> dict[str, str]:
    return {
        "promoted_by": promotion.by,
        "promoted_at": promotion.at.isoformat(),
        "promoted_why": promotion.why,
        "replaced": promotion.replaced or "none",
    }
