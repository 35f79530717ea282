"""Audience console: the output of ``flywheel audience``, and the words of its options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING

from pipelines.cli.console import CommandConsole
from pipelines.cli.economics_lines import economics_lines
from pipelines.cli.expected_totals import expected_total_lines
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from pipelines.steps.audience import AudienceOutput
    from serving.audience_policy import AudiencePolicy
    from serving.audiences.export.quota import StoredAudience
    from serving.audiences.schema import AudienceResponse, CompositionPart


class HeldOut(StrEnum):
    """The choice of held-out members in a file."""

    EXCLUDE = "exclude"
    ONLY = "only"
    INCLUDE = "include"


HELD_OUT_SENTENCES = {
    HeldOut.EXCLUDE: "they are not in the file.",
    HeldOut.ONLY: "the file has them alone. Do not contact them.",
    HeldOut.INCLUDE: "the column holdout says who. Do not contact them.",
}


class Formulas(StrEnum):
    """How text that looks like a formula is written in CSV."""

    ESCAPE = "escape"
    KEEP = "keep"


class AudienceConsole(CommandConsole):
    """Prints an audience."""

    def show_audience(self, output: AudienceOutput, held_out: HeldOut) -> None:
        """Print the size, the composition and the expected totals of an audience."""
        answer = output.answer
        if self._json_output:
            self._print_json({**answer.model_dump(mode="json"), "members": output.path})
            return
        scores = answer.scores
        more = (
            "" if answer.excluded_by_consent is None else f"; about {answer.excluded_by_consent:,} have not consented"
        )
        self._out.print(
            f"{answer.count:,} of {scores.customers:,} customers, scored by release {scores.release}{more} "
            f"(consent state {answer.consent_state}).",
            soft_wrap=True,
        )
        for note in answer.notes:
            self._out.print(f"Note: {note}", soft_wrap=True, markup=False)
        if not answer.count:
            return
        self._show_totals(answer)
        if answer.holdout_count is not None:
            sentence = HELD_OUT_SENTENCES[held_out] if output.path else "do not contact them."
            self._out.print(f"{answer.holdout_count:,} of them are held out: {sentence}")
        for name, parts in answer.composition.items():
            self._show_composition(name.replace("_", " "), parts)
        location = f"Members: {output.path}" if output.path else "Members: not written, use --out FILE"
        self._out.print(
            f"{location}; read them page by page from the service as audience {answer.audience_id}.", soft_wrap=True
        )

    def _show_totals(self, answer: AudienceResponse) -> None:
        expected = (answer.expected_conversions, answer.expected_orders, answer.expected_revenue)
        for line in expected_total_lines(*expected, answer.currency):
            self._out.print(line, soft_wrap=True)
        if answer.economics is not None:
            for line in economics_lines(answer.economics, answer.currency):
                self._out.print(line, soft_wrap=True, markup=False)

    def _show_composition(self, title: str, parts: Sequence[CompositionPart]) -> None:
        table = titled_table(title, "value", "members", "share")
        for part in parts:
            table.add_row(part.value or "none", f"{part.count:,}", f"{part.share:.1%}")
        self._out.print(table)

    def show_stored(self, audiences: Sequence[StoredAudience], policy: AudiencePolicy) -> None:
        """Print the stored audiences, and how much of the quota they take."""
        nbytes = sum(audience.nbytes for audience in audiences)
        if self._json_output:
            self._print_json({
                "audiences": [asdict(audience) for audience in audiences], "bytes": nbytes,
                "max_audiences": policy.max_audiences, "max_bytes": policy.max_audience_bytes,
            })  # fmt: skip
            return
        if audiences:
            table = titled_table("stored audiences", "audience", "created", "by", "members", "kB")
            for audience in audiences:
                created = f"{audience.created_at:%Y-%m-%d %H:%M}"
                size = f"{audience.nbytes / 1e3:,.0f}"
                table.add_row(audience.audience_id, created, audience.created_by or "", f"{audience.count:,}", size)
            self._out.print(table)
        self._out.print(
            f"{len(audiences):,} of {policy.max_audiences:,} audiences, {nbytes / 1e6:,.1f} of "
            f"{policy.max_audience_bytes / 1e6:,.0f} MB; each is deleted after {policy.audience_days} days.",
            soft_wrap=True,
        )

    def show_deleted(self, audience_id: str) -> None:
        """Print that an audience is deleted."""
        if self._json_output:
            self._print_json({"deleted": audience_id})
            return
        self._out.print(f"Audience {audience_id} is deleted.")
