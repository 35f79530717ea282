"""Feedback classifier of a home: the models that come with the project, and in front of them those of the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.config.shop import ShopConfig
from pipelines.home import Home

if TYPE_CHECKING:
    from training.feedback.classifier import FeedbackClassifier

MODELS_FOLDER = "models"


def open_classifier(config: ShopConfig, home: Home) -> FeedbackClassifier | None:
    """The classifier of a shop with [feedback]; None for other shops."""
    if config.feedback is None:
        return None
    from training.feedback.classifier import FeedbackClassifier  # scikit-learn, which other shops need not wait for

    return FeedbackClassifier.open(home.feedback / MODELS_FOLDER)
