"""Refusals: the reasons for which a release is not promoted; after each of them nothing has changed."""

from __future__ import annotations

from features.errors import FlywheelError


class PromotionRefused(FlywheelError):
    """A release is not promoted; aliases, pointer and log are as they were."""


class GateRejected(PromotionRefused):
    """The gate rejects the release: its test, the champion or the log speaks against it."""


class ReleaseBarred(PromotionRefused):
    """The release was rolled back, so that it is promoted by hand only."""


class TrialFailed(PromotionRefused):
    """The release does not load, answers wrongly, or needs other features than the published ones."""


class AliasPutBack(PromotionRefused):
    """The release that the alias in MLflow named is not promoted, so that the alias names the champion again."""
