"""Input limits: at inference an implausible amount counts as the largest plausible one, as in training."""

import numpy as np
import pytest

from training.inference.input_limits import InputLimits

NAMES = ("orders", "mean_order", "spend")


def test_only_limited_columns_are_clipped_at_both_ends() -> None:
    limits = InputLimits.from_names({"spend": 100.0, "mean_order": 10.0}, NAMES)
    inputs = np.array([[1e6, 1e6, -1e6], [1.0, 9.0, 99.0], [2.0, np.nan, 100.0]])
    np.testing.assert_array_equal(limits.clip(inputs), [[1e6, 10.0, -100.0], [1.0, 9.0, 99.0], [2.0, np.nan, 100.0]])


def test_no_limits_change_nothing() -> None:
    inputs = np.array([[1e6, 1e6, -1e6]])
    np.testing.assert_array_equal(InputLimits.from_names({}, NAMES).clip(inputs.copy()), inputs)


def test_a_limit_of_an_unknown_input_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        InputLimits.from_names({"discount": 1.0}, NAMES)
