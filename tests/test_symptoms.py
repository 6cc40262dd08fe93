"""Symptoms are told where there are some, and only there."""

import numpy as np

from segnet_np.training.symptoms import collapsed, never_predicted, never_seen, nothing_to_judge, rising


def test_symptoms_are_said_in_words():
    names = ("sky", "road", "car")
    assert collapsed(np.array([[50, 0, 0], [45, 0, 0], [5, 0, 0]]), names).startswith(
        "warning: 100.0 % of all pixels are predicted as sky, which only 50.0 % are"
    )
    assert collapsed(np.array([[50, 0, 0], [20, 30, 0], [0, 0, 0]]), names) is None
    assert collapsed(np.array([[50, 0, 0], [0, 0, 0], [0, 0, 0]]), names) is None  # all is sky indeed
    missing = "warning: now predicted nowhere: road, car"
    assert never_predicted(np.array([[50, 0, 0], [45, 0, 0], [5, 0, 0]]), names) == missing
    assert never_predicted(np.array([[50, 1, 0], [45, 0, 0], [0, 0, 0]]), names) is None
    assert "nothing to judge the weights by" in nothing_to_judge(np.zeros((3, 3), int))
    assert nothing_to_judge(np.array([[0, 0], [1, 0]])) is None
    assert "no pixel of road, car in" in never_seen(np.array([5, 0, 0]), names)
    assert never_seen(np.array([5, 1, 1]), names) is None


def test_a_rising_loss_is_told_from_a_noisy_one():
    rng = np.random.default_rng(0)
    falling = np.linspace(2, 1, 500) + rng.normal(0, 0.2, 500)
    assert rising(falling) is None
    # Noise alone, as of small batches, is no rise: none in 200 trainings.
    assert [rising(1 + rng.normal(0, 0.3, 400)) for _ in range(200)] == [None] * 200
    up_again = np.concatenate([falling, np.linspace(1, 1.6, 200) + rng.normal(0, 0.2, 200)])
    assert rising(up_again).startswith("warning: the loss has risen from 1.")
    assert rising(up_again[:40]) is None  # too few to say
