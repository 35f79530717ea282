"""Feedback schemas: topics of what customers wrote, by week and sentiment, and how sure the counts are."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from serving.schemas.base import StrictModel
from training.feedback.topic_weeks import TopicWeeks

Topic = Literal["all", "product", "service", "emotion"]
Sentiment = Literal["positive", "negative", "unsure", "unread"]


class TopicCell(StrictModel):
    """Texts of one week on one topic with one sentiment; a text may have several topics."""

    week: date = Field(description="The Monday of the week.")
    topic: Topic = Field(description="`all` has every text, one without a topic too.")
    sentiment: Sentiment = Field(
        description="`unsure` where neither is likely enough, `unread` where the language is not read."
    )
    texts: int | None = Field(description="Null for too few customers, and for none.")
    customers: int | None = Field(description="Who wrote them; null for too few, and for none.")


class NegativeShare(StrictModel):
    """The share of negative texts over all weeks, corrected for the errors of the classifier."""

    topic: Topic
    observed: float | None = Field(description="The share as counted; null for too few customers.")
    corrected: float | None = Field(
        description="The share less the errors; null until they are measured on texts of the shop, or if too many."
    )
    low: float | None = Field(description="The lower end of the 95 % interval.")
    high: float | None = Field(description="The upper end of the 95 % interval.")


class FeedbackEvidence(StrictModel):
    """What the labels rest on, for one language."""

    language: Literal["zh", "en"]
    sentiment: Literal["public_reviews", "shop_labels"] = Field(
        description="The labels that the accuracy was measured on; of public reviews, a shop's texts may be read worse."
    )
    accuracy: float = Field(description="Of the sentiment on held-out labels, without the class `unsure`.")
    labels: int = Field(description="Held-out labels that the accuracy was measured on.")
    topics_from_words: list[Literal["product", "service", "emotion"]] = Field(
        description="Topics found by lists of words, whose accuracy nobody measured."
    )


class TopicsResponse(StrictModel):
    """Topics by week and sentiment."""

    as_of: date = Field(description="The day of the shop that the counts were made on.")
    smallest: int = Field(description="Customers of a cell that is told.")
    evidence: list[FeedbackEvidence]
    negative_shares: list[NegativeShare]
    cells: list[TopicCell]

    @classmethod
    def from_weeks(cls, weeks: TopicWeeks) -> TopicsResponse:
        """The response of the file that the nightly job wrote."""
        nothing = dict.fromkeys(("observed", "corrected", "low", "high"))
        shares = [{"topic": topic, **(share or nothing)} for topic, share in weeks.negative_shares.items()]
        return cls.model_validate(
            {
                "as_of": weeks.as_of,
                "smallest": weeks.smallest,
                "evidence": weeks.evidence,
                "negative_shares": shares,
                "cells": [vars(cell) for cell in weeks.cells],
            },
            strict=False,
        )
