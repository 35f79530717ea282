"""Documented commands that only read, or write nothing but an audience: they run on a trained home."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.docs.documented_commands import PAGES, ROOT, DocumentedCommand, documented_commands
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF

pytestmark = pytest.mark.slow

SAFE = ("audience", "columns", "completion", "config", "doctor", "explain", "status", "--version")
COMMANDS = [
    command
    for command in documented_commands()
    if command.arguments and (command.arguments[0] in SAFE or command.arguments[:2] == ("keys", "list"))
]
NOT_OF_REQUESTS = ("detail", "arms", "reminders")  # keys of answers, and of experiments
_BODIES = re.compile(r"^```json\n(\{.*?)^```$|-d '(\{.*?\})'", re.MULTILINE | re.DOTALL)
_HORIZON = re.compile(r"_9[01]d|(?<=\"horizon_days\": )9[01]")


def documented_audiences() -> list[tuple[str, str]]:
    """The requests of audiences in the pages, each with its page."""
    return [
        (page.relative_to(ROOT).as_posix(), body)
        for page in PAGES
        for bodies in _BODIES.findall(page.read_text(encoding="utf-8"))
        for body in bodies
        if '"filter"' in body and not any(f'"{key}"' in body for key in NOT_OF_REQUESTS)
    ]


@pytest.fixture(scope="module")
def shop(trained_shop: Flywheel, tmp_path_factory: pytest.TempPathFactory) -> Flywheel:
    """A copy of the trained shop under the default home, in which audiences may be stored."""
    folder = tmp_path_factory.mktemp("documented") / "shop"
    shutil.copytree(trained_shop.folder, folder)
    return Flywheel(folder)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_documented_command_runs_on_a_default_home(shop: Flywheel, command: DocumentedCommand) -> None:
    result = shop(*on_default_home(command.arguments), environment={"FLYWHEEL_AS_OF": shops.day(AS_OF).isoformat()})
    assert result.status == 0, result.err
    assert result.out


def on_default_home(arguments: tuple[str, ...]) -> list[str]:
    """The arguments without the demo's home."""
    words = list(arguments)
    if "--home" in words:
        place = words.index("--home")
        del words[place : place + 2]
    return words


def test_an_audience_and_the_operating_commands_are_among_them() -> None:
    assert {command.arguments[0] for command in COMMANDS} >= {"audience", "columns", "doctor", "explain", "status"}


def test_a_members_file_is_written_where_the_example_says(shop: Flywheel) -> None:
    (example,) = [command for command in COMMANDS if "--out" in command.arguments]
    assert shop(*on_default_home(example.arguments)).status == 0
    assert Path(shop.folder, "members.csv").is_file()


@pytest.mark.parametrize(("page", "body"), documented_audiences(), ids=lambda value: value[:40])
def test_a_documented_audience_is_answered_on_a_default_home(shop: Flywheel, page: str, body: str) -> None:
    """The trained shop predicts 365 days and not the 90 of the default, and has run no experiment."""
    request = json.loads(_HORIZON.sub(lambda horizon: "_365d" if horizon[0].startswith("_") else "365", body))
    assert request["filter"], page
    request.get("economics", {}).pop("experiment", None)
    (shop.folder / "request.json").write_text(json.dumps(request))
    result = shop("audience", "--request", "request.json", "--json")
    assert (result.status, result.err) == (0, "")


def test_the_requests_of_audiences_are_found() -> None:
    assert {page for page, _ in documented_audiences()} >= {
        "docs/quickstart.md",
        "docs/tutorials/a-campaign.md",
        "docs/concepts/targeting.md",
    }
