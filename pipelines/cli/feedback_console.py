"""Feedback console: the output of ``flywheel feedback``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.console import CommandConsole
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from serving.schemas.feedback import NegativeShare, TopicCell, TopicsResponse
    from training.feedback.label_selection import LabelsWanted
    from training.feedback.shop_training import TrainingResult
    from training.feedback.text_form import Language

SHOWN_WEEKS = 8


class FeedbackConsole(CommandConsole):
    """Prints topics, what labels lack, and the results of training."""

    def show_topics(self, answer: TopicsResponse) -> None:
        """Print the newest weeks as one table, the negative shares, and what the labels rest on."""
        if self._json_output:
            self._print_json(answer.model_dump(mode="json"))
            return
        weeks = sorted({cell.week for cell in answer.cells})[-SHOWN_WEEKS:]
        table = titled_table("Texts by week", "topic", "sentiment", *(f"{week:%d %b}" for week in weeks))
        rows: dict[tuple[str, str], list[TopicCell]] = {}
        for cell in answer.cells:
            rows.setdefault((cell.topic, cell.sentiment), []).append(cell)
        for (topic, sentiment), cells in rows.items():
            shown = [f"<{answer.smallest}" if cell.texts is None else f"{cell.texts:,}" for cell in cells]
            table.add_row(topic, sentiment, *shown[-SHOWN_WEEKS:])
        self._out.print(table)
        for share in answer.negative_shares:
            if share.observed is not None:
                self._out.print(f"Negative, {share.topic}: {_share_text(share)}.")
        for each in answer.evidence:
            words = f"; {', '.join(each.topics_from_words)} by words, unmeasured" if each.topics_from_words else ""
            source = each.sentiment.replace("_", " ")
            self._out.print(f"{each.language}: accuracy {each.accuracy:.2f} on {each.labels:,} {source}{words}.")

    def show_labels(self, count: int, wanted: Mapping[Language, LabelsWanted], out: Path | None) -> None:
        """Print how many labels there are, and what they lack."""
        if self._json_output:
            lacking = {language: {**asdict(each), "total": each.total} for language, each in wanted.items()}
            self._print_json({"labels": count, "wanted": lacking, "out": None if out is None else str(out)})
            return
        if out is not None:
            self._out.print(f"The texts are in {out}; fill in sentiment and topics, then read it with --from.")
        self._out.print(f"{count:,} texts have labels.")
        for language, each in wanted.items():
            self._out.print(f"{language}: {each.sentence}", soft_wrap=True)

    def show_training(self, results: Sequence[TrainingResult]) -> None:
        """Print for each target whether the shop's model is adopted, and why."""
        if self._json_output:
            fields = ("language", "target", "labels", "reason")
            shown = [
                {**{name: getattr(each, name) for name in fields}, "adopted": each.model is not None}
                for each in results
            ]
            self._print_json({"models": shown})
            return
        for each in results:
            self._out.print(f"{each.language} {each.target}: {each.labels:,} labels, {each.reason}.", soft_wrap=True)


def _share_text(share: NegativeShare) -> str:
    if share.corrected is None or share.low is None or share.high is None:
        return f"{share.observed:.0%} as counted, errors of the classifier included"
    return f"{share.corrected:.0%} ({share.low:.0%} to {share.high:.0%}), corrected for errors of the classifier"
