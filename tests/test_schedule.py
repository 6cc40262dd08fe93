"""Schedules: up, then down, never out of 0 to 1."""

import numpy as np
import pytest

from segnet_np.training.schedule import SCHEDULES


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 7, 300])
def test_schedules_stay_between_zero_and_one(name, steps):
    factors = [SCHEDULES[name](step, steps) for step in range(steps)]
    assert all(0 < factor <= 1 for factor in factors)
    if steps == 300:
        peak = int(np.argmax(factors))
        assert (np.diff(factors[: peak + 1]) > 0).all()
        assert (np.diff(factors[peak:]) <= 0).all()
        assert factors[-1] == (1 if name == "constant" else pytest.approx(0, abs=0.01))
