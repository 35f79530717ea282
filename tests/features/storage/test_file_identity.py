"""File identity: a reader notices a file that was replaced, created or removed, and no other."""

from __future__ import annotations

from pathlib import Path

from features.storage.atomic_files import replace_text
from features.storage.file_identity import FileWatcher


def test_a_watcher_tells_of_each_change_once(tmp_path: Path) -> None:
    path, watcher = tmp_path / "growth.json", FileWatcher()
    changes = [watcher.has_changed(path), watcher.has_changed(path)]
    for text in ("first", "other"):  # of one length
        replace_text(path, text)
        changes += [watcher.has_changed(path), watcher.has_changed(path)]
    path.unlink()
    changes += [watcher.has_changed(path), watcher.has_changed(path)]
    assert changes == [True, False] * 4
