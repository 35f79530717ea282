"""Home checks: a shop's configuration, folder, lock, disk and private files."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.diagnostics import home_checks
from tests.pipelines.diagnostics.surroundings import level_and_found, result_of, write_config


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".flywheel").mkdir()
    return tmp_path / ".flywheel"


def test_a_valid_configuration_is_named(tmp_path: Path) -> None:
    write_config(tmp_path)
    level, found = level_and_found(home_checks.configuration, tmp_path)
    assert (level, found) == (
        "ok",
        f"{tmp_path}/flywheel.toml describes corner-shop, in EUR and Europe/Amsterdam",
    )


def test_a_configuration_that_is_named_but_missing_is_a_problem(tmp_path: Path) -> None:
    level, found = level_and_found(home_checks.configuration, tmp_path)
    assert level == "problem"
    assert found.startswith(f"No configuration at {tmp_path}/flywheel.toml.")


def test_an_invalid_configuration_is_a_problem_that_names_the_key(tmp_path: Path) -> None:
    write_config(tmp_path, "nmae = 'shop'")
    level, found = level_and_found(home_checks.configuration, tmp_path)
    assert level == "problem"
    assert "nmae" in found


def test_a_file_in_place_of_the_home_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".flywheel").touch()
    assert level_and_found(home_checks.folder, tmp_path) == ("problem", f"{tmp_path}/.flywheel is a file")
    assert level_and_found(home_checks.write_access, tmp_path)[0] == "problem"


def test_a_home_that_does_not_exist_yet_is_writable_where_its_parent_is(tmp_path: Path) -> None:
    assert level_and_found(home_checks.folder, tmp_path) == ("warning", f"there is no {tmp_path}/.flywheel yet")
    assert level_and_found(home_checks.write_access, tmp_path) == ("ok", f"{tmp_path} is writable")


def test_a_writer_at_work_is_named_and_a_killed_one_is_a_warning(tmp_path: Path, home: Path) -> None:
    assert level_and_found(home_checks.write_lock, tmp_path) == ("ok", "nobody writes")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid, host, expected in (
        (os.getpid(), socket.gethostname(), ("ok", "writes now")),
        (ended.pid, socket.gethostname(), ("warning", "was killed while it wrote")),
        (ended.pid, "elsewhere", ("ok", "writes now")),
    ):
        (home / ".lock.holder").write_text(json.dumps({"pid": pid, "host": host, "command": "run"}))
        level, end = expected
        found = f"`flywheel run` (process {pid} on {host}) {end}"
        assert level_and_found(home_checks.write_lock, tmp_path) == (level, found)


@pytest.mark.parametrize(("free", "level"), [(50_000_000, "problem"), (10**9, "warning"), (5 * 10**10, "ok")])
def test_a_disk_that_is_almost_full_is_noticed(tmp_path: Path, free: int, level: str) -> None:
    result = result_of(home_checks.disk_space, tmp_path, free_bytes=free)
    assert (result.level, result.found) == (level, f"{free / 1e9:,.1f} GB free")


@pytest.mark.parametrize("name", ["secret", "keys.json", "audit.jsonl"])
@pytest.mark.parametrize(("mode", "level"), [(0o600, "ok"), (0o400, "ok"), (0o640, "problem"), (0o644, "problem")])
def test_a_private_file_that_others_can_read_is_a_problem(
    tmp_path: Path, home: Path, name: str, mode: int, level: str
) -> None:
    (home / name).touch()
    (home / name).chmod(mode)
    found = f"{name} has mode {mode:04o}" if level == "problem" else "nobody else may read any of them"
    assert level_and_found(home_checks.private_files, tmp_path) == (level, found)


def test_any_other_file_that_others_can_read_is_a_warning(tmp_path: Path, home: Path) -> None:
    (home / "scores.parquet").touch()
    (home / "scores.parquet").chmod(0o644)
    level, found = level_and_found(home_checks.private_files, tmp_path)
    assert (level, found) == ("warning", "1 path may be read by others, such as scores.parquet has mode 0644")


@pytest.mark.parametrize(("size", "level"), [(32, "ok"), (31, "problem"), (0, "problem")])
def test_a_damaged_secret_is_a_problem(tmp_path: Path, home: Path, size: int, level: str) -> None:
    (home / "secret").write_bytes(b"x" * size)
    assert level_and_found(home_checks.secret, tmp_path) == (level, f"{size} bytes")


def test_a_home_that_was_used_and_has_no_secret_has_lost_it(tmp_path: Path, home: Path) -> None:
    assert level_and_found(home_checks.secret, tmp_path)[0] == "ok"
    (home / "audit.jsonl").touch()
    level, found = level_and_found(home_checks.secret, tmp_path)
    assert level == "problem"
    assert "although audit.jsonl of this home was made with it" in found
