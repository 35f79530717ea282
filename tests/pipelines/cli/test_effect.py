"""Effect command: the terminal says what attending a class did, on which evidence, or why that is not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.pipelines.command import Flywheel
from tests.training.attendance.simulated_shop import ATTENDEES, CUSTOMERS, simulated_shop
from tests.training.attendance.written_history import WrittenHistory

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
SHOP = simulated_shop(RNG)
CAME = SHOP.attendees("loyal", RNG)


@pytest.fixture(scope="module")
def flywheel(tmp_path_factory: pytest.TempPathFactory) -> Flywheel:
    shop = Flywheel(tmp_path_factory.mktemp("shop"))
    shop.home.folder.mkdir()
    history = WrittenHistory(shop.home.folder)
    history.write_orders(SHOP, CAME, 0.5)
    history.write_events(CAME)
    history.write_touches(np.arange(CUSTOMERS) % 2 == 0)
    return shop


def words(text: str) -> str:
    return " ".join(text.split())


def test_an_effect_is_told_with_its_evidence_its_sensitivity_and_the_bias_of_each_comparison(
    flywheel: Flywheel,
) -> None:
    answer, text = flywheel("effect", "class", "--json").summary, words(flywheel("effect", "class").out)
    effect, sensitivity = answer["attending"]["per_attendee"], answer["attending"]["sensitivity"]
    assert text.startswith(f"class: {ATTENDEES} attendees, {ATTENDEES} with 84 days over, {ATTENDEES} compared with")
    assert "Attending (observational): estimated." in text
    stated = f"{effect['value']:,.2f} (95 %: {effect['low']:,.2f} to {effect['high']:,.2f}), matched."
    assert f"spend per attendee: {stated}" in text
    assert f"A hidden cause that explains {sensitivity['robustness_value']:.1%} of what is left of attending" in text
    assert "What each comparison finds for pseudo-attendees, who did not attend: its bias" in text
    for row in answer["attending"]["diagnostics"]:
        assert f"{row['estimator']} {row['pseudo_effect']:,.2f} {'yes' if row['passes'] else 'no'}" in text


def test_invitations_at_random_are_told_beside(flywheel: Flywheel) -> None:
    arguments = ("effect", "class", "--outcome", "orders", "--invitation-experiment", "class-mail")
    answer, text = flywheel(*arguments, "--json").summary["invitations"], words(flywheel(*arguments).out)
    assert f"Invitations (randomised): estimated. {answer['invited']} invited, {answer['not_invited']} not." in text
    # Every second customer was invited, and as many of the others came.
    assert answer["per_attendee"] is None
    assert "Too few came because of the invitation for an effect per attendee." in text


def test_a_refusal_is_told_without_a_number(flywheel: Flywheel) -> None:
    result = flywheel("effect", "class", "--to", "2020-01-01")
    assert result.status == 0
    assert "Attending (observational): too_few. Found 0 attendees" in result.out
    assert "per attendee" not in result.out


def test_what_cannot_be_meant_is_an_error_that_names_the_field(flywheel: Flywheel) -> None:
    result = flywheel("effect", "class", "--within-days", 3)
    assert result.status == 1
    assert "The question is not as expected.\n  - within_days: " in result.err
    unknown = flywheel("effect", "clas")
    assert unknown.status == 1
    assert "Found no event of the kind 'clas'. Expected one of the log: class." in unknown.err


def test_without_a_home_the_remedy_is_told(tmp_path: Path) -> None:
    result = Flywheel(tmp_path)("effect", "class")
    assert result.status == 1
    assert "Found no home in .flywheel. Expected the folder of a shop: name it with --home." in result.err
    assert not (tmp_path / ".flywheel").exists()
