"""What is said of a kernel that is right in Python but not when it is compiled."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import NumbaError

from segnet_np.lessons.compiled import complaint, fill, shortened


def double(x, out):
    for i in range(x.size):
        out[i] = 2 * x[i]


def through_a_list_of_python(x, out):
    for i, value in enumerate(x.tolist()):
        out[i] = 2 * value


def beyond_the_end(x, out):
    for i in range(x.size + 1):
        out[i] = 2 * x[i]


def unknown_name(x, out):
    out[0] = undefined + x[0]  # noqa: F821


def maximum_along_an_axis(x, out):
    out[:] = np.max(x.reshape(1, -1), axis=0)


def arguments():
    return np.arange(3.0), np.zeros(3)


@pytest.mark.parametrize("function", [double, njit(double), njit(parallel=True)(double)])
@pytest.mark.parametrize("parallel", [False, True])
def test_what_compiles_is_not_complained_of(function, parallel):
    x, out = arguments()
    assert complaint(function, (x, out), parallel) is None
    assert not out.any()
    assert np.array_equal(fill(function, (x, out), parallel)[1], 2 * x)


@pytest.mark.parametrize(
    ("function", "word"),
    [(maximum_along_an_axis, "max"), (through_a_list_of_python, "tolist"), (unknown_name, "undefined")],
)
def test_what_does_not_compile_is_said_in_short(function, word):
    said = complaint(function, arguments())
    assert said is not None
    assert said.startswith("Right as Python, but Numba cannot compile it.")
    assert word in said.partition("It says:")[2]
    assert len(said) < 600
    for noise in ("Failed in nopython", "Traceback", "raised from", "\x1b", "github.com"):
        assert noise not in said


def test_an_index_beyond_the_end_is_an_error_and_no_crash():
    said = complaint(beyond_the_end, arguments())
    assert said is not None
    assert "IndexError" in said


def test_other_numbers_when_compiled():
    def grows_beyond_64_bits(x, out):
        number = 1
        for _ in range(70):
            number *= 2
        out[0] = number / 2

    said = complaint(grows_beyond_64_bits, arguments())
    assert said is not None
    assert "other numbers" in said


def test_the_message_of_numba_keeps_its_reason():
    with pytest.raises(NumbaError) as caught:
        fill(maximum_along_an_axis, arguments())
    assert len(shortened(caught.value)) < len(str(caught.value))
