"""Feedback commands: ``flywheel feedback`` shows topics, asks for labels, and trains on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.calendar import micros
from pipelines.cli.command_context import current_time, exit_on_error, load_config, locked_home, resolve_home
from pipelines.cli.feedback_console import FeedbackConsole
from pipelines.cli.options import Config, HomeDir, Json, UnusedConfig

if TYPE_CHECKING:
    from features.feedback.label_file import Label
    from pipelines.steps.feedback_labels import TextToLabel

app = typer.Typer(help="Feedback: topics by week, labels for texts, and training on them.", no_args_is_help=True)
_SENTIMENTS = {"p": "positive", "n": "negative", "0": "neutral"}
_TOPIC_LETTERS = {"p": "product", "s": "service", "e": "emotion"}


@app.command()
def topics(*, home: HomeDir = None, _config: UnusedConfig = None, json: Json = False) -> None:
    """Show what customers wrote about, by week and sentiment, and how sure the counts are."""
    from pipelines.steps import feedback as step

    console = FeedbackConsole(json_output=json)
    with exit_on_error(console):
        console.show_topics(step.topics(resolve_home(home)))


@app.command()
def label(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    config: Config = None,
    home: HomeDir = None,
    count: Annotated[int, typer.Option(min=1, max=5_000, help="How many texts to ask for.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Write the texts to this CSV file instead of asking here.")] = None,
    read: Annotated[Path | None, typer.Option("--from", help="Read the answers from such a file.")] = None,
    json: Json = False,
) -> None:
    """Ask what texts say: half of them drawn at random, half those that the classifier is least sure about.

    The texts come from the log each time, and are not kept in the home. A file of them holds personal data: delete it
    when its answers are read.
    """
    from pipelines.learning.feedback_classifier import MODELS_FOLDER
    from pipelines.steps import feedback as step
    from pipelines.steps import feedback_labels as labels_step
    from training.feedback.classifier import FeedbackClassifier

    if read is not None and out is not None:
        raise typer.BadParameter("Found --from and --out; expected one of them. Read the answers first.")
    console, now, texts = FeedbackConsole(json_output=json), current_time(context), list["TextToLabel"]()
    with locked_home("feedback label", home, json=json, must_exist=True) as (_, locked):
        if read is not None:
            labels_step.add_labels(locked, labels_step.read_file(read, micros(now)))
        logged = step.LoggedTexts.read(load_config(config), locked, now, console.report)
        if read is None:
            classifier = FeedbackClassifier.open(locked.feedback / MODELS_FOLDER)
            texts = labels_step.texts_to_label(logged, classifier, step.stored_labels(locked), count)
        if out is not None:
            labels_step.write_file(texts, out)
    if texts and out is None:
        answers = _ask(texts, micros(now))  # without the lock, so that a nightly run does not wait for a person
        with locked_home("feedback label", home, json=json) as (_, locked):
            labels_step.add_labels(locked, answers)
    with exit_on_error(console):
        labels = step.stored_labels(locked)
        console.show_labels(len(labels), labels_step.labels_wanted_by_language(logged, labels), out)


def _ask(texts: list[TextToLabel], now: int) -> dict[str, Label]:
    """The answers of the person at the terminal; q and Ctrl-C end, s leaves a text out."""
    answers: dict[str, Label] = {}
    for number, text in enumerate(texts, start=1):
        typer.echo(f"\n[{number}/{len(texts)}] {text.text}")
        try:
            answer = typer.prompt("(p)ositive, (n)egative, (0) neither, (s)kip, (q)uit").strip().lower()
            if answer == "q":
                break
            if answer in _SENTIMENTS:
                answers[text.key] = _ask_topics(text, answer, now)
        except typer.Abort:
            break
    return answers


def _ask_topics(text: TextToLabel, sentiment: str, now: int) -> Label:
    from features.feedback.label_file import Label
    from pipelines.steps.feedback_labels import SENTIMENT_WORDS

    letters = typer.prompt("topics: any of (p)roduct, (s)ervice, (e)motion", default="", show_default=False)
    topics = frozenset(_TOPIC_LETTERS[letter] for letter in letters.lower() if letter in _TOPIC_LETTERS)
    return Label(SENTIMENT_WORDS[_SENTIMENTS[sentiment]], topics, text.drawn, now)


@app.command()
def train(context: typer.Context, *, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Train on the shop's labels; a model is used from the next run on if held-out labels say that it is better."""
    from pipelines.steps import feedback as step

    with locked_home("feedback train", home, json=json, must_exist=True) as (_, locked):
        console = FeedbackConsole(json_output=json)
        console.show_training(step.train(load_config(config), locked, current_time(context), console.report))
