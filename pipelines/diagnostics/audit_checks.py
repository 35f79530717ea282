"""Audit checks: whether the chain of the audit log is unbroken."""

from __future__ import annotations

from features.wording import count_of
from pipelines.diagnostics.check import Finding, check, ok, problem
from pipelines.diagnostics.surroundings import Surroundings
from serving.observability.audit_reader import audit_paths
from serving.observability.audit_verification import verify_audit

MAX_BYTES = 50 * 10**6  # verified in about two seconds


@check(
    "audit",
    "chain",
    expected="a log in which no line was altered, removed, inserted or moved",
    remedy="`flywheel audit verify` names the lines: compare them with a backup, and see who can write to the home",
)
def chain(surroundings: Surroundings) -> Finding:
    """The chain of the audit log, over all files beside it."""
    home = surroundings.home.folder
    size = sum(path.stat().st_size for path in audit_paths(home))
    if size > MAX_BYTES:
        return ok(f"{size / 1e6:,.0f} MB, not verified here; `flywheel audit verify` does it")
    report = verify_audit(home)
    if not report.faults:
        return ok(f"{count_of(report.lines, 'line')} {'is' if report.lines == 1 else 'are'} genuine")
    first = report.faults[0]
    return problem(f"{count_of(len(report.faults), 'fault')}, first {first.place}: {first.fault}")


AUDIT_CHECKS = (chain,)
