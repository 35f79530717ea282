"""Social features: posts, shares, invitations and messages of a customer, counted per cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from features.config.sources import EventsSource
from features.history import Cutoff, History
from features.transformations.engagement import engagement, engagement_view
from features.views import View


def social_view(events: EventsSource) -> View:
    """The view of the event kinds that the shop configuration lists under ``social``."""
    return engagement_view("social", events.social)


def social(history: History, cutoffs: Sequence[Cutoff], events: EventsSource) -> ir.Table:
    """One row per customer and cutoff with any such event before the cutoff."""
    return engagement(history, cutoffs, "social", events.social)
