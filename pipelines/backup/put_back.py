"""Putting a backup back: it is prepared beside the home's files, and then takes their place, also after a kill.

What is newer in the home stays: its consents, erasures and closed figures are merged into those of the backup, and its
API keys and audit log are kept, so that no revoked key and no forgotten customer comes back.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson

from features.consents.backends import LOCAL_FOLDER, RESTORING_FOLDER, open_storage
from features.consents.erasure_state import ERASED_FILE
from features.consents.ledger import Ledger
from features.consents.ledger_memory import LedgerMemory
from features.consents.ledger_repair import raise_state
from features.consents.lmdb import LmdbLedgerStorage
from features.decisions.backends import LOCAL_FOLDER as DECISIONS_FOLDER
from features.decisions.backends import decisions_of_copy
from features.decisions.backends import open_storage as open_storage_of_decisions
from features.decisions.decision_log import DecisionLog
from features.errors import FlywheelError, InvalidStore, StoreUnavailable
from features.online.backends import LMDB
from features.storage.atomic_files import replace_private, sync_folder
from features.storage.home_format import check_home_format
from features.storage.secret import MEMORY_FILE, InvalidSecret, load_secret
from pipelines.backup.live_copy import LEFT_OUT
from pipelines.backup.manifest import MANIFEST_FILE
from pipelines.home import Home
from pipelines.learning.growth.closed_periods import keep_closed
from serving.auth.key_store import KEYS_FILE, KEYS_MARKER
from serving.privacy.audit_replay import WAITING_FILE

_ENTRIES_FILE = ".entries.json"
_KEPT = (KEYS_FILE, KEYS_MARKER, WAITING_FILE)


class HomeInUse(FlywheelError):
    """The home is not empty, or a service has its files open."""


def check_replaceable(home: Path, *, force: bool) -> None:
    """Check that a backup may take the place of a home's files.

    Raises:
        HomeInUse: there are files and ``force`` is not given, or another process has the stores open.
    """
    if not force and any(_entries(home)):
        raise HomeInUse(
            f"Found files in {home}; expected an empty folder. With --force the backup replaces them; newer consents "
            "and erasures are merged into it, and API keys and audit log are kept."
        )
    for folder in (home / LOCAL_FOLDER, home / DECISIONS_FOLDER, home / "online"):
        if _is_open_elsewhere(folder / "lock.mdb"):
            raise HomeInUse(
                f"Found {folder} open in another process; expected none. Stop the service, then restore again."
            )


def prepare(backup: Path, home: Path, online_store: str, report: Callable[[str], None]) -> None:
    """Copy a verified backup into the home, beside the present files, and merge the present consents into it.

    Raises:
        InvalidSecret: the consents of the home were begun with another secret than that of the backup.
        UnreadableHome: a newer version of Flywheel made the backup.
    """
    draft, ready = home / f"{RESTORING_FOLDER}.tmp", home / RESTORING_FOLDER
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(backup, draft, copy_function=shutil.copyfile)
    (draft / MANIFEST_FILE).unlink()
    (draft / ERASED_FILE).unlink(missing_ok=True)  # the tables of a backup have whom it says to be erased
    check_home_format(draft)
    _adopt_secret(draft, home, online_store)
    _merge_ledger(draft, home, online_store, report)
    _merge_decisions(draft, home, report)
    keep_closed(Home(home), Home(draft))
    for path in _kept_files(home):
        (draft / path.name).unlink(missing_ok=True)
    names = sorted({path.name for path in draft.iterdir()} | {path.name for path in _kept_files(home)})
    replace_private(draft / _ENTRIES_FILE, orjson.dumps(names))
    draft.rename(ready)
    sync_folder(home)


def finish(home: Path) -> bool:
    """Move a prepared backup into its place; return whether there was one. After a kill, the next call goes on."""
    ready = home / RESTORING_FOLDER
    if not ready.is_dir():
        return False
    names = set(orjson.loads((ready / _ENTRIES_FILE).read_bytes()))
    for path in list(_entries(home)):
        if path.name not in names:
            _remove(path)
    for path in list(ready.iterdir()):
        if path.name != _ENTRIES_FILE:
            _remove(home / path.name)
            path.rename(home / path.name)
    sync_folder(home)
    return True


def confirm(home: Path) -> None:
    """End a restore, after what the backup does not know is recorded again; the home is open from now on."""
    shutil.rmtree(home / RESTORING_FOLDER, ignore_errors=True)


def _adopt_secret(draft: Path, home: Path, online_store: str) -> None:
    """Give the home the secret of the backup where its own is lost; raise InvalidSecret where it has another one."""
    content = load_secret(draft)
    own = (home / "secret").read_bytes() if (home / "secret").is_file() else None
    if own == content:
        return
    replace_private(home / "secret", content)
    if not (home / MEMORY_FILE).is_file():
        return
    try:
        storage = open_storage(home, online_store)
        with storage.binding.lenient():
            storage.state()
    except InvalidSecret:
        if own is None:
            (home / "secret").unlink()
        else:
            replace_private(home / "secret", own)
        raise
    except (InvalidStore, StoreUnavailable):  # nothing to compare with
        return


def _merge_ledger(draft: Path, home: Path, online_store: str, report: Callable[[str], None]) -> None:
    """Merge the local ledger of the home into that of the backup; one in Redis stays where it is."""
    if online_store != LMDB or not (home / LOCAL_FOLDER / "data.mdb").is_file():
        if (home / MEMORY_FILE).is_file():
            shutil.copyfile(home / MEMORY_FILE, draft / MEMORY_FILE)
        return
    merged = LmdbLedgerStorage.open(draft / LOCAL_FOLDER)
    with suppress(InvalidStore):
        raise_state(merged, 0 if (point := LedgerMemory(home).read()) is None else point.revision)
    try:
        storage = open_storage(home, LMDB)
        with storage.binding.lenient():
            Ledger(merged, lambda: load_secret(draft)).import_from(Ledger(storage, lambda: load_secret(home)))
    except (InvalidStore, StoreUnavailable) as error:
        report(f"note: the present consents cannot be read, so the newest come from the audit log alone ({error})")


def _merge_decisions(draft: Path, home: Path, report: Callable[[str], None]) -> None:
    """Merge the local decision log of the home into that of the backup, so that who was decided about keeps the arm."""
    if not (home / DECISIONS_FOLDER / "data.mdb").is_file():
        return
    try:
        decisions_of_copy(draft).import_from(DecisionLog(open_storage_of_decisions(home, LMDB)))
    except (InvalidStore, StoreUnavailable) as error:
        report(f"note: the present decision log cannot be read, so that of the backup counts ({error})")


def _kept_files(home: Path) -> list[Path]:
    return [path for path in (*(home / name for name in _KEPT), *home.glob("audit*")) if path.is_file()]


def _entries(home: Path) -> list[Path]:
    if not home.is_dir():
        return []
    left_out = LEFT_OUT | {"format"}
    return [path for path in sorted(home.iterdir()) if not path.name.startswith(".") and path.name not in left_out]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_open_elsewhere(lock_file: Path) -> bool:
    """Whether another process has an LMDB environment open: each holds a shared lock on the first byte of its file."""
    try:
        with lock_file.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
