"""Private files: a home is for its own user only, whatever the umask of the shell was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from features.storage.private_files import open_to_others, restrict


def modes_of(home: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.rglob("*"))}


def open_home(folder: Path) -> Path:
    home = folder / "home"
    (home / "features").mkdir(parents=True)
    for name, mode in (("scores.parquet", 0o644), ("secret", 0o600), ("features/behaviour.parquet", 0o666)):
        (home / name).touch()
        (home / name).chmod(mode)
    for path in (home / "features", home):
        path.chmod(0o755)
    return home


def test_a_home_is_restricted_to_its_user(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    assert restrict(home) == 4
    assert modes_of(home) == {
        "home": 0o700, "features": 0o700, "scores.parquet": 0o600, "secret": 0o600, "behaviour.parquet": 0o600
    }  # fmt: skip
    assert restrict(home) == 0


def test_what_a_link_names_elsewhere_keeps_its_mode(tmp_path: Path) -> None:
    home, elsewhere = open_home(tmp_path), tmp_path / "elsewhere"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    (home / "link").symlink_to(elsewhere)
    restrict(home)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
    assert [*open_to_others(home)] == []


def test_a_command_writes_private_files_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "pipelines.cli.main", "keys", "create", "--client", "mail", "--scope", "predict"]
    subprocess.run([*command, "--home", str(home)], umask=0, check=True, capture_output=True, env={**os.environ})
    assert {name: mode & 0o077 for name, mode in modes_of(home).items()} == dict.fromkeys(modes_of(home), 0)
