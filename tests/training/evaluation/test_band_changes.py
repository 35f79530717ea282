"""Band changes: every customer is counted once, by the band before and the band after."""

import numpy as np

from training.evaluation.band_changes import band_changes

BANDS = (0.3, 0.7)


def test_a_customer_is_in_the_band_that_the_service_answers() -> None:
    at_the_thresholds = np.array([0.0, 0.29, 0.3, 0.69, 0.7, 1.0])
    changes = band_changes(at_the_thresholds, at_the_thresholds, BANDS, BANDS)
    assert np.diag(changes.counts).tolist() == [2, 2, 2]
    assert (changes.customers, changes.changed_customers, changes.moves()) == (6, 0, [])


def test_each_change_is_named_by_its_direction_most_customers_first() -> None:
    champion, release = np.array([0.1, 0.1, 0.8, 0.5]), np.array([0.4, 0.5, 0.2, 0.5])
    changes = band_changes(champion, release, BANDS, BANDS)
    assert changes.moves() == [("low", "medium", 2), ("high", "low", 1)]
    assert changes.changed_customers == 3


def test_each_release_is_read_with_its_own_thresholds() -> None:
    assert band_changes(np.array([0.5]), np.array([0.5]), BANDS, (0.1, 0.4)).moves() == [("medium", "high", 1)]
