"""Global hold-out of flywheel.toml: a share, a name and an end, which change no line of the history."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.features.config.config_files import AMOUNT, MINIMAL, business_errors, read_text

HOLDOUT = '[business]\nglobal_holdout = { share = 0.05, name = "2027-H1", until = 2027-07-01 }'


def test_a_hold_out_has_a_share_a_name_and_an_end(tmp_path: Path) -> None:
    holdout = read_text(tmp_path, MINIMAL + HOLDOUT).business.global_holdout
    assert holdout is not None
    assert (holdout.share, holdout.name, holdout.until) == (0.05, "2027-H1", date(2027, 7, 1))
    assert read_text(tmp_path, MINIMAL).business.global_holdout is None


def test_a_hold_out_needs_no_other_history(tmp_path: Path) -> None:
    without = read_text(tmp_path, MINIMAL + AMOUNT)
    assert read_text(tmp_path, MINIMAL + AMOUNT + HOLDOUT).fingerprint == without.fingerprint
    assert read_text(tmp_path, MINIMAL + AMOUNT + "[business]\nlead_days = 3").fingerprint != without.fingerprint


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ('share = 0.05, name = "H1"', "until: "),
        ('share = 0.6, name = "H1", until = 2027-07-01', "share: found 0.6; expected 0.5 or less"),
        ('share = 0, name = "H1", until = 2027-07-01', "share: found 0; expected more than 0"),
        ('share = 0.1, name = "", until = 2027-07-01', "name: "),
        ('share = 0.1, name = "H1", until = "soon"', "until: "),
    ],
)
def test_what_is_no_hold_out_is_refused(tmp_path: Path, fields: str, fault: str) -> None:
    (error,) = business_errors(tmp_path, f"[business]\nglobal_holdout = {{ {fields} }}")
    assert error.startswith(f"[business.global_holdout] {fault}")
