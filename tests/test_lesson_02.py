"""Lesson 02: its exercises against the library, and that what it tells is true."""

import numpy as np
import pytest

from segnet_np import reference
from segnet_np.lessons import careless, rings
from segnet_np.lessons.exercises import find
from segnet_np.lessons.pictures import gradients
from segnet_np.verify.finite_differences import along, each_entry

rng = np.random.default_rng(7)


def test_central_difference_is_the_librarys():
    x, dout = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))
    got = find("central_difference").solution(lambda x: float(np.vdot(dout, np.sin(x))), x, 1e-4)
    np.testing.assert_allclose(got, each_entry(lambda: np.sin(x), x, dout, 1e-4), rtol=1e-9)


def test_gradient_check_is_the_librarys():
    x, v, dout = rng.normal(size=(3, 2, 3, 4))
    analytic, numeric = find("gradient_check").solution(
        np.sin, lambda dout, x: dout * np.cos(x), x, dout, v, 1e-4
    )
    assert numeric == pytest.approx(along(lambda: np.sin(x), [x], [v], dout, 1e-4), rel=1e-9)
    assert analytic == pytest.approx(numeric, abs=1e-7)


def test_mended_pooling_is_the_references_also_at_ties():
    x = np.round(rng.normal(size=(2, 3, 6, 8)))
    dy = rng.normal(size=(2, 3, 3, 4))
    expected = reference.max_pool2d_backward(dy, reference.max_pool2d(x)[1], (6, 8))
    np.testing.assert_array_equal(find("bug_pool").solution(dy, x), expected)


@pytest.mark.parametrize(("shape", "padding"), [((5, 3, 3, 3), 1), ((2, 3, 3, 2), 1), ((2, 3, 5, 4), 0)])
def test_mended_convolution_is_the_references(shape, padding):
    x, weight = rng.normal(size=(2, 3, 6, 8)), rng.normal(size=shape)
    dout = rng.normal(size=reference.conv2d(x, weight, None, padding).shape)
    expected = reference.conv2d_backward(dout, x, weight, padding)[0]
    np.testing.assert_allclose(
        find("bug_conv").solution(dout, weight, padding), expected, rtol=1e-9, atol=1e-12
    )


def test_mended_batch_norm_is_the_references():
    x, dout = rng.normal(3, 2, size=(2, 2, 3, 4, 5))
    weight = np.array([0.5, 2.0, -1.5])
    expected = reference.batch_norm_train_backward(dout, x, weight, 0.1)[0]
    np.testing.assert_allclose(
        find("bug_batch_norm").solution(dout, x, weight, 0.1), expected, rtol=1e-9, atol=1e-12
    )


def test_each_careless_check_passes_its_bug_and_the_careful_one_none():
    found = [[careless.passes(bug, check) for check in range(4)] for bug in range(3)]
    assert found == [
        [False, False, True, False],
        [False, True, False, False],
        [True, False, False, False],
    ]


def test_the_mended_ones_pass_every_check(monkeypatch):
    def mended(name):
        exercise = find(name)
        return type("Mended", (), {"starts_from": staticmethod(exercise.solution)})

    monkeypatch.setattr(careless, "find", mended)
    assert all(careless.passes(bug, check) for bug in range(3) for check in range(4))


def test_both_trainings_learn():
    right, wrong = rings.train(False), rings.train(True)
    assert right[0] == wrong[0]
    assert max(right[-1], wrong[-1]) < 0.15 * right[0]
    assert right[1:] != wrong[1:]


def test_errors_make_a_u_and_the_best_step_is_near_the_cube_root_of_eps():
    for dtype, best in (("float64", 1e-5), ("float32", 5e-3)):
        steps = np.array([best / 1000, best, best * 60])
        central, _ = gradients.difference_errors(steps, dtype)
        assert central[1] < 0.1 * min(central[0], central[2])
    central, forward = gradients.difference_errors(np.array([1e-2, 1e-3]), "float64")
    assert central[0] / central[1] == pytest.approx(100, rel=0.01)
    assert forward[0] / forward[1] == pytest.approx(10, rel=0.01)


def test_pictures_can_be_drawn_at_every_setting_of_their_sliders():
    for log_h in (-15.0, -8.0, -0.5):
        gradients.step_picture(log_h)
    for distance, h in ((-1.0, 0.1), (0.0, 1.0), (1.0, 0.5)):
        gradients.kink_picture(distance, h)
    title = gradients.kink_picture(0.0, 0.5).axes[0].get_title()
    assert "crosses the kink" in title
