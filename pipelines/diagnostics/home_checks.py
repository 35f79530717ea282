"""Home checks: configuration, folder, write lock, disk space, and the permissions of private files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from features.config.shop import read_shop_config
from features.storage.home_format import HOME_FORMAT, check_home_format, home_format
from features.storage.private_files import open_to_others
from features.storage.secret import SECRET_BYTES, refuse_lost_secret
from features.storage.write_lock import read_lock_holder
from features.wording import count_of
from pipelines import environment
from pipelines.diagnostics.check import Finding, check, ok, problem, warning
from pipelines.diagnostics.surroundings import Surroundings
from serving.auth.key_store import KEYS_FILE
from serving.observability.audit_reader import AUDIT_FILE

LITTLE_SPACE, TOO_LITTLE_SPACE = 2 * 10**9, 3 * 10**8  # bytes
_PRIVATE_FILES = ("secret", KEYS_FILE, AUDIT_FILE)


@check(
    "home",
    "configuration",
    expected="a valid flywheel.toml here, in FLYWHEEL_CONFIG or in --config",
    remedy="Write one with `flywheel init FILE`, or correct the keys; a service alone needs none",
)
def configuration(surroundings: Surroundings) -> Finding:
    """The configuration; it may be missing before the first run, and where a home only serves."""
    path = surroundings.config_path
    is_needed = path != Path(environment.CONFIG.default) and surroundings.state.champion is None
    if not path.exists() and not is_needed:
        return warning(f"there is no {path}")
    config = read_shop_config(path)
    return ok(f"{path} describes {config.name}, in {config.currency} and {config.timezone}")


@check(
    "home",
    "folder",
    expected="a folder with the data of one shop",
    remedy="`flywheel run` creates it; --home or FLYWHEEL_HOME names another one",
)
def folder(surroundings: Surroundings) -> Finding:
    """The folder of the home."""
    path = surroundings.home.folder
    if path.is_dir():
        return ok(str(path.resolve()))
    return problem(f"{path} is a file") if path.exists() else warning(f"there is no {path} yet")


@check(
    "home",
    "write access",
    expected="this user may write to the home",
    remedy="Run as the user who created the home, or give this user access",
)
def write_access(surroundings: Surroundings) -> Finding:
    """Whether commands can write, also where the folder is still to be created."""
    path = _existing(surroundings.home.folder)
    is_writable = path.is_dir() and os.access(path, os.W_OK | os.X_OK)
    return ok(f"{path} is writable") if is_writable else problem(f"{path} is not writable")


@check(
    "home",
    "write lock",
    expected="no writer, or one that is at work",
    remedy="Nothing to do: the next command that writes cleans up after the one that was killed",
)
def write_lock(surroundings: Surroundings) -> Finding:
    """The writer of the home."""
    holder = read_lock_holder(surroundings.home.folder)
    if holder is None:
        return ok("nobody writes")
    return warning(f"{holder} was killed while it wrote") if holder.is_gone else ok(f"{holder} writes now")


@check(
    "home",
    "disk space",
    expected=f"{LITTLE_SPACE / 1e9:g} GB or more free on the home's disk",
    remedy="Free space, or move the home to a larger disk",
)
def disk_space(surroundings: Surroundings) -> Finding:
    """The free space on the disk of the home."""
    free = surroundings.free_bytes(_existing(surroundings.home.folder))
    found = f"{free / 1e9:,.1f} GB free"
    if free < TOO_LITTLE_SPACE:
        return problem(found)
    return warning(found) if free < LITTLE_SPACE else ok(found)


@check(
    "home",
    "private files",
    expected="only this user may read the home (files 0600, folders 0700), above all secret, keys.json and audit.jsonl",
    remedy="Take the access away: `flywheel home upgrade`, or `chmod -R go=` on the home",
)
def private_files(surroundings: Surroundings) -> Finding:
    """The permissions of all files of the home; those that an earlier version wrote may be readable by others."""
    home = surroundings.home.folder
    open_paths = {_relative(path, home): path for path in open_to_others(home)} if home.is_dir() else {}
    modes = {name: f"{name} has mode {stat.S_IMODE(path.stat().st_mode):04o}" for name, path in open_paths.items()}
    secret_ones = [modes[name] for name in _PRIVATE_FILES if name in modes]
    if secret_ones:
        return problem(", ".join(secret_ones))
    if modes:
        return warning(f"{count_of(len(modes), 'path')} may be read by others, such as {min(modes.values())}")
    return ok("nobody else may read any of them" if home.is_dir() else "there are none yet")


def _relative(path: Path, home: Path) -> str:
    return str(path.relative_to(home.resolve()))


@check(
    "home",
    "secret",
    expected=f"a file of {SECRET_BYTES} bytes",
    remedy="Restore it from a backup: another secret matches no erased customer, hold-out or audit line",
)
def secret(surroundings: Surroundings) -> Finding:
    """The secret, which tombstones, hold-outs and audit lines need."""
    path = surroundings.home.folder / "secret"
    if not path.exists():
        refuse_lost_secret(path.parent)
        return ok("there is none yet; it is created when it is first needed")
    size = path.stat().st_size
    return ok(f"{size} bytes") if size == SECRET_BYTES else problem(f"{size} bytes")


def _existing(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    return next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())


@check(
    "home",
    "format",
    expected=f"format {HOME_FORMAT}, of this version",
    remedy="Run `flywheel home upgrade`; a home of a newer version needs that version",
)
def format_number(surroundings: Surroundings) -> Finding:
    """The number of the layout of the home's files."""
    check_home_format(surroundings.home.folder)
    found = home_format(surroundings.home.folder)
    if found is None:
        return ok("nothing was written yet")
    return ok(f"format {found}") if found == HOME_FORMAT else warning(f"format {found}" if found else "no format")


HOME_CHECKS = (configuration, folder, format_number, write_access, write_lock, disk_space, private_files, secret)
