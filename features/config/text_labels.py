"""Text labels: the topics and the sentiments that a text of a customer can have."""

from __future__ import annotations

TOPICS = ("product", "service", "emotion")
SENTIMENTS = ("positive", "negative", "unsure", "unread")
