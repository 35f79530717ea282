"""Errors of the system: what a command says when a disk, a permission or a variable is at fault."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipelines.cli.command_context import exit_on_error
from pipelines.cli.console import CommandConsole
from pipelines.cli.os_errors import describe_os_error
from pipelines.environment import LOCK_SECONDS, InvalidVariable, unknown_variables
from pipelines.home import Home
from pipelines.steps.serve import InvalidSettings, settings


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO, errno.ELOOP])
def test_an_error_of_the_system_is_one_message_and_status_1(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"), exit_on_error(CommandConsole(json_output=False)):
        raise OSError(number, os.strerror(number), "/somewhere/scores.parquet")
    printed = capsys.readouterr().err
    assert printed.startswith(f"error  Found no way to use /somewhere/scores.parquet ({os.strerror(number).lower()})")
    assert "expected" in printed


def test_an_error_never_shows_the_password_of_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), exit_on_error(CommandConsole(json_output=False)):
        raise InvalidVariable("'postgres://shop:hunter2@db/orders#lines' cannot be read")
    assert "postgres://shop:***@db/orders#lines" in (printed := capsys.readouterr().err)
    assert "hunter2" not in printed


def test_an_error_without_a_path_names_the_reason() -> None:
    assert "too many open files" in describe_os_error(OSError(errno.EMFILE, os.strerror(errno.EMFILE)))


@pytest.mark.parametrize("value", ["abc", "-1", "nan", "inf"])
def test_a_wrong_number_in_a_variable_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOCK_SECONDS.name, value)
    with pytest.raises(InvalidVariable, match=f"Found FLYWHEEL_LOCK_SECONDS='{value}'; expected a number of seconds"):
        LOCK_SECONDS.seconds()


def test_an_unknown_variable_is_named_with_the_nearest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FLYWHEEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLYWHEEL_WORKERS", "2")
    assert unknown_variables() == []
    monkeypatch.setenv("FLYWHEEL_PROT", "3")
    assert unknown_variables() == ["FLYWHEEL_PROT is not known, perhaps FLYWHEEL_PORT"]


def test_an_invalid_setting_is_named_with_its_variable_and_option(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLYWHEEL_WORKERS", "many")
    with pytest.raises(InvalidSettings, match=r"(?s)FLYWHEEL_HOST or --host: Found 'foo'.*FLYWHEEL_WORKERS: ") as error:
        settings(Home(tmp_path), "foo", 3000, None)
    assert "Traceback" not in str(error.value)
