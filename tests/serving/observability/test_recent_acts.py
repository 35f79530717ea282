"""Recent acts: consents and erasures since an instant, whatever else the audit log has."""

from __future__ import annotations

import json
from pathlib import Path

from serving.observability.audit_reader import AUDIT_FILE
from serving.observability.recent_acts import MAX_TAIL_BYTES, RecentActs, RecentActsReader

SINCE = "2026-11-20T00:00:00Z"


def erasure(at: str) -> str:
    return json.dumps({"at": at, "action": "erasure"}) + "\n"


def test_a_file_of_consents_that_was_read_is_no_single_consent(tmp_path: Path) -> None:
    lines = [
        {"at": "2026-11-20T01:00:00Z", "action": "consent", "customers": 599, "consent_state": "1"},
        {"at": "2026-11-20T02:00:00Z", "action": "consent", "consents": 599},
        {"at": "2026-11-20T03:00:00Z", "action": "consent", "consents": [{}]},
        {"at": "2026-11-20T09:00:00Z", "action": "consent", "consents": [{"granted": True}]},
        {"at": "2026-11-20T10:00:00Z", "action": "consent", "consents": [{"granted": False}]},
        {"at": "2026-11-20T11:00:00Z", "action": "erasure"},
        {"at": "2026-11-20T12:00:00Z", "action": "export"},
    ]
    (tmp_path / AUDIT_FILE).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert RecentActsReader(tmp_path).count("2026-11-20T00:00:00Z") == RecentActs(
        granted=1, denied=1, erased=1, complete=True
    )
    assert RecentActsReader(tmp_path).count("2026-11-20T10:30:00Z") == RecentActs(
        granted=0, denied=0, erased=1, complete=True
    )


def test_a_line_that_is_no_act_is_left_out(tmp_path: Path) -> None:
    lines = [{}, {"at": 5, "action": "erasure"}, {"at": "2026-11-20T11:00:00Z"}]
    (tmp_path / AUDIT_FILE).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert RecentActsReader(tmp_path).count("2026-11-20T00:00:00Z") == RecentActs(
        granted=0, denied=0, erased=0, complete=True
    )


def test_only_the_lines_that_were_added_are_read(tmp_path: Path) -> None:
    path, reader = tmp_path / AUDIT_FILE, RecentActsReader(tmp_path)
    assert reader.count(SINCE) == RecentActs(granted=0, denied=0, erased=0, complete=True)
    path.write_text(erasure("2026-11-20T01:00:00Z"))
    assert reader.count(SINCE).erased == 1
    added, at = erasure("2026-11-21T01:00:00Z"), path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"x" * (at - 1))  # what was read before is not read again
        file.seek(at)
        file.write(added[:9].encode())  # a line that another process has not finished
        file.flush()
        assert reader.count(SINCE).erased == 1
        file.write(added[9:].encode())
    assert reader.count(SINCE).erased == 2
    assert reader.count("2026-11-21T00:00:00Z").erased == 1


def test_a_rotated_log_and_an_earlier_instant_are_read_from_the_start(tmp_path: Path) -> None:
    path, reader = tmp_path / AUDIT_FILE, RecentActsReader(tmp_path)
    path.write_text(erasure("2026-11-20T01:00:00Z") * 3)
    assert (reader.count("2026-11-21T00:00:00Z").erased, reader.count(SINCE).erased) == (0, 3)
    (tmp_path / "new").write_text(erasure("2026-11-19T01:00:00Z") * 3 + erasure("2026-11-20T01:00:00Z"))
    (tmp_path / "new").replace(path)
    assert reader.count(SINCE).erased == 1


def test_of_a_long_log_the_end_is_counted(tmp_path: Path) -> None:
    line = erasure("2026-11-20T01:00:00Z")
    tail_lines = MAX_TAIL_BYTES // len(line)
    (tmp_path / AUDIT_FILE).write_text(line * (tail_lines + 9))
    acts = RecentActsReader(tmp_path).count(SINCE)
    assert (tail_lines - 1 <= acts.erased <= tail_lines, acts.complete) == (True, False)
    assert RecentActsReader(tmp_path).count("2026-11-21T00:00:00Z").complete
