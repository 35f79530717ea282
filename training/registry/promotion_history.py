"""Promotion history: which release served before, and which were rolled back and stay barred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

from training.registry.promotion_log import Promotion


def barred_releases(promotions: Sequence[Promotion]) -> dict[str, Promotion]:
    """The releases that were rolled back and not promoted since: version -> its rollback, the newest last.

    Args:
        promotions: every change of the champion, oldest first.
    """
    barred: dict[str, Promotion] = {}
    for promotion in promotions:
        barred.pop(promotion.version, None)
        if promotion.kind == "rollback" and promotion.replaced is not None:
            barred[promotion.replaced] = promotion
    return barred


def served_before(promotions: Sequence[Promotion], aliases: Mapping[str, str]) -> str | None:
    """The release that a rollback goes to: the last one that served before the champion and is not barred.

    Args:
        promotions: every change of the champion, oldest first.
        aliases: of the release; they count where the history is empty or names no other release.
    """
    excluded = {*barred_releases(promotions), promotions[-1].version if promotions else aliases.get("champion")}
    earlier = [version for promotion in reversed(promotions) for version in (promotion.version, promotion.replaced)]
    candidates = (*earlier, aliases.get("previous"))
    return next((version for version in candidates if version is not None and version not in excluded), None)


def bar_sentence(rollback: Promotion) -> str:
    """Who rolled the release back, when and why; the value of the tag ``barred``."""
    return f"rolled back by {rollback.by} at {rollback.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {rollback.why}"
