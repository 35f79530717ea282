"""Explain command: the options and the output of ``flywheel explain``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import environment
from pipelines.cli.answer_text import answer_lines
from pipelines.cli.as_of import resolve_as_of
from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, Json, UnusedConfig, parse_day
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from pipelines.steps.explain import Explanation

_STATUSES = {
    "scored": "scored",
    "insufficient_history": "too little history for the average, so a simpler model answers",
    "stale_features": "answered from features that are too old: `flywheel run` renews them",
    "unknown_customer": "no customer has this id",
    "withheld_consent": "not answered: the customer does not consent to profiling",
    "features_unavailable": "not answered: the features or the consents cannot be read",
}
_STALE = "stale_features"
_ENDED = "answered from features that are too old, because the log has ended"
_ERASED = "not answered: the customer was erased"


def explain(
    context: typer.Context,
    *,
    customer_ids: Annotated[list[str], typer.Argument(metavar="ID", help="Customer ids as in the log.")],
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            parser=parse_day,
            help="Answer as of this day, for a log that ended in the past; default: FLYWHEEL_AS_OF, else now.",
        ),
    ] = None,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Show the answers of customers with their reasons, as the service gives them; no service has to run.

    An unknown customer, or one who does not consent, is an answer too: the exit status is 0.
    """
    from pipelines.steps import explain as step

    console = ExplainConsole(json_output=json)
    with exit_on_error(console):
        folder, now = resolve_home(home), current_time(context)
        day = resolve_as_of(as_of, folder.zone(), now) if as_of else None
        pinned = datetime.combine(day, time.min) if day else environment.pinned_time()
        console.show_explanations(step.run(folder, customer_ids, pinned or now))


class ExplainConsole(CommandConsole):
    """Prints the answers of customers."""

    def show_explanations(self, explanations: Sequence[Explanation]) -> None:
        """Print for each customer the answers, then the reasons."""
        if self._json_output:
            self._print_json({"predictions": [explanation.answer for explanation in explanations]})
            return
        if ended_log := next((explanation.ended_log for explanation in explanations), ""):
            self._out.print(ended_log, soft_wrap=True)
        for explanation in explanations:
            self._show_head(explanation)
            if "model_tier" in explanation.answer:
                self._show_answers(explanation.answer)
                self._show_reasons(explanation.answer["reasons"])

    def _show_head(self, explanation: Explanation) -> None:
        answer = explanation.answer
        status = _status(explanation)
        reason = f" ({answer['reason']})" if answer.get("reason") else ""
        self._out.print(f"{answer['customer_id']}: {status}{reason}", soft_wrap=True)
        if "features_at" in answer:
            until = f", log until {answer['log_until']}" if answer.get("log_until") else ""
            self._out.print(
                f"Release {answer['release']} as of {answer['as_of']}, features of {answer['features_at']}{until}.",
                soft_wrap=True,
            )
        if explanation.similar_ids:
            self._out.print(f"Perhaps {' or '.join(explanation.similar_ids)}?", soft_wrap=True)

    def _show_answers(self, answer: Mapping[str, Any]) -> None:
        table = titled_table("", "question", "status", "tier", "answer")
        parts = {name: part for name, part in answer.items() if isinstance(part, Mapping) and "status" in part}
        for name, part in parts.items():
            first, *further = answer_lines(name, part)
            table.add_row(name.replace("_", " "), _words(part["status"]), part.get("tier", ""), first)
            for line in further:
                table.add_row("", "", "", line)
        self._out.print(table)

    def _show_reasons(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        if not reasons:
            self._out.print("No reasons: the answers are the same for everybody.")
            return
        table = titled_table("Why, the most important first", "question", "effect", "reason", "share")
        for reason in reasons:
            name = reason["answer"].replace("_", " ")
            table.add_row(name, reason["direction"], reason["text"]["en"], f"{reason['importance']:.0%}")
        self._out.print(table)


def _status(explanation: Explanation) -> str:
    if explanation.is_erased:
        return _ERASED
    status: str = explanation.answer["status"]
    return _ENDED if status == _STALE and explanation.ended_log else _STATUSES.get(status, status)


def _words(status: str) -> str:
    return status.replace("_", " ")
