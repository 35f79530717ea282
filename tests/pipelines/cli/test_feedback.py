"""Labels at the terminal: answers are kept when the person stops, and options that exclude each other are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.feedback import _ask
from pipelines.cli.main import app
from pipelines.steps.feedback_labels import TextToLabel

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def text(key: str) -> TextToLabel:
    return TextToLabel(key, "random", "en", f"Text of {key}.", "positive 60 %", "")


def test_answers_that_were_given_before_ctrl_c_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[str] = iter(["n", "ps", "s"])

    def prompt(*_: object, **__: object) -> str:
        if (answer := next(answers, None)) is None:
            raise typer.Abort
        return answer

    monkeypatch.setattr(typer, "prompt", prompt)
    labels = _ask([text("first"), text("second"), text("third")], 7)
    assert [*labels] == ["first"]
    assert labels["first"].is_positive is False
    assert labels["first"].topics == {"product", "service"}


def test_answers_are_read_before_further_texts_are_written(tmp_path: Path) -> None:
    options = ["--from", str(tmp_path / "answers.csv"), "--out", str(tmp_path / "texts.csv")]
    result = CliRunner().invoke(app, ["feedback", "label", *options], obj=lambda: NOW)
    assert result.exit_code == 2
    assert "Found --from and --out; expected one of them." in " ".join(result.output.replace("│", " ").split())
