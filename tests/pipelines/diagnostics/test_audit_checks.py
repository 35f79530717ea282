"""Audit checks: a broken chain of the audit log is a problem."""

from __future__ import annotations

from pathlib import Path

from pipelines.diagnostics import audit_checks
from serving.observability.audit_log import COMMAND_LINE, CONSENT, AuditLog
from tests.pipelines.diagnostics.surroundings import level_and_found


def test_an_unbroken_chain_is_well_and_a_broken_one_is_a_problem(tmp_path: Path) -> None:
    home = tmp_path / ".flywheel"
    assert level_and_found(audit_checks.chain, tmp_path) == ("ok", "0 lines are genuine")
    assert not home.exists()
    for number in range(3):
        AuditLog.open(home).append(CONSENT, COMMAND_LINE, number)
    assert level_and_found(audit_checks.chain, tmp_path) == ("ok", "3 lines are genuine")
    lines = (home / "audit.jsonl").read_text().splitlines(keepends=True)
    (home / "audit.jsonl").write_text("".join([lines[0], lines[2]]))
    assert level_and_found(audit_checks.chain, tmp_path) == (
        "problem",
        "1 fault, first audit.jsonl, row 2: is line 3: line 2 missing before it",
    )
