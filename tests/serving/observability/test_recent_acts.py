"""Recent acts: consents and erasures since an instant, whatever else the audit log has."""

from __future__ import annotations

import json
from pathlib import Path

from serving.observability.audit_reader import AUDIT_FILE
from serving.observability.recent_acts import RecentActs, recent_acts


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
    assert recent_acts(tmp_path, "2026-11-20T00:00:00Z") == RecentActs(granted=1, denied=1, erased=1, complete=True)
    assert recent_acts(tmp_path, "2026-11-20T10:30:00Z") == RecentActs(granted=0, denied=0, erased=1, complete=True)


def test_a_line_that_is_no_act_is_left_out(tmp_path: Path) -> None:
    lines = [{}, {"at": 5, "action": "erasure"}, {"at": "2026-11-20T11:00:00Z"}]
    (tmp_path / AUDIT_FILE).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert recent_acts(tmp_path, "2026-11-20T00:00:00Z") == RecentActs(granted=0, denied=0, erased=0, complete=True)
