"""Silence step: a log that stopped is not a shop that died, so nothing is answered as of a day long after its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from features.errors import FlywheelError
from features.plausibility_codes import LOG_SILENT

if TYPE_CHECKING:
    from features.plausibility.silence import Silence
    from pipelines.run_context import RunContext


class LogSilent(FlywheelError):
    """The log is silent for longer than its answers hold; nothing was changed."""


def end_silence(context: RunContext, *, accepted: bool = False) -> RunContext:
    """Return the context, as of the log's end if its silence exceeds the limit and is accepted.

    Raises:
        LogSilent: the silence exceeds the limit and is not accepted.
    """
    context = end_accepted_silence(context, accepted=accepted)
    if context.silence.has_ended:
        raise LogSilent(silence_sentence(context))
    return context


def end_accepted_silence(context: RunContext, *, accepted: bool = False) -> RunContext:
    """Return the context, as of the log's end if its silence exceeds the limit and is accepted; else unchanged."""
    if not context.silence.has_ended or not (accepted or LOG_SILENT in context.config.accept):
        return context
    context.report(ended_sentence(context))
    return replace(context, as_of=day_after_end(context.silence))


def report_silence(context: RunContext) -> None:
    """Report a silence that the log never had before."""
    if sentence := silence_sentence(context):
        context.report(f"warning: {sentence}")


def silence_notice(requested: RunContext) -> str:
    """What an accepted silence before the requested day means for the answers; empty without one."""
    return ended_sentence(requested) if requested.silence.has_ended else ""


def silence_sentence(context: RunContext) -> str:
    """What was found, what was expected and what to do about the silence; empty if it is usual."""
    from features.plausibility.gaps import silence_notes

    return " ".join(note.sentence for note in silence_notes(context.silence, context.as_of))


def ended_sentence(requested: RunContext) -> str:
    """What an accepted silence means for the answers."""
    silence = requested.silence
    return (
        f"The log ends on {silence.last_day}, {silence.days:,} silent days before {requested.as_of}: everything is as "
        f"of {day_after_end(silence)}."
    )


def day_after_end(silence: Silence) -> date:
    """The day after the last order line."""
    return silence.last_day + timedelta(days=1)
