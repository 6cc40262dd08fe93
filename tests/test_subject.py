"""What is given stays as it was, is followed wherever its arrays hang, or is refused by name."""

import pickle

import learner_layers as mine
import numpy as np
import pytest
from planted_bugs import maps

from segnet_np import layers, models
from segnet_np.verify import gradcheck


def fingerprint(thing):
    """Everything that hangs on an object, bit for bit."""
    return pickle.dumps(thing)


@pytest.mark.parametrize(
    "make",
    [
        lambda: (layers.ConvBNReLU(3, 5, 3, 1), maps().astype("float32")),
        lambda: (layers.BatchNorm2d(3).eval(), maps().astype("float32")),
        lambda: (
            models.SegNetBasic(width=2, num_classes=3, kernel_size=3),
            maps(2, 3, 17, 19).astype("float32"),
        ),
        lambda: (
            models.SegNetBasic(width=2, num_classes=3, kernel_size=3).eval(),
            maps(2, 3, 17, 19).astype("float32"),
        ),
        lambda: (mine.Linear(), maps(6, 4).astype("float32")),
        lambda: (mine.BatchNorm(), maps(6, 4)),
    ],
    ids=["block", "eval", "net", "net in eval", "learner", "learner with gradients"],
)
def test_nothing_given_is_changed(make):
    layer, x = make()
    dout = layer.forward(x)  # a remembered forward, on which a backward must still work
    x_before, before = x.copy(), fingerprint(layer)
    assert gradcheck(layer, x * 1.5).ok
    assert fingerprint(layer) == before
    assert np.array_equal(x, x_before)
    if getattr(layer, "training", True):
        twin = pickle.loads(before)
        assert np.array_equal(layer.backward(dout), twin.backward(dout))


def test_two_names_for_one_array_move_together():
    class Flat(mine.Linear):
        def __init__(self):
            super().__init__()
            self.matrix = self.weight.data  # float32, and what forward really reads

        def forward(self, x):
            self.x = x
            return x @ self.matrix + self.bias.data

        def backward(self, dout):
            self.weight.grad, self.bias.grad = self.x.T @ dout, dout.sum(axis=0)
            return dout @ self.matrix.T

    assert gradcheck(Flat(), maps(6, 4)).ok


def test_a_layer_that_casts_to_its_own_dtype_is_followed():
    class Casting(mine.Linear):
        dtype = None

        def __init__(self, dtype):
            super().__init__()
            self.dtype = dtype

        def forward(self, x):
            return super().forward(x.astype(self.dtype)).astype(self.dtype)

    for dtype in ("float32", np.float32, np.dtype("float32")):
        assert gradcheck(Casting(dtype), maps(6, 4)).ok


def test_tuples_of_inputs_and_outputs():
    class Scale:
        """Two inputs, an integer array, two outputs."""

        def parameters(self):
            return []

        def forward(self, a, rows, b):
            self.given = a, rows, b
            return a[rows] * b, a

        def backward(self, dout):
            a, rows, b = self.given
            da = np.zeros_like(a)
            np.add.at(da, rows, dout * b)
            return da, a[rows] * dout

    x = (maps(4, 3), np.array([1, 1, 2]), maps(3, 3, seed=2))
    report = gradcheck(Scale(), x)
    assert report.ok
    assert [row.name for row in report][:2] == ["input[0]", "input[2]"]

    class OnlyOne(Scale):
        def backward(self, dout):
            return super().backward(dout)[0]

    assert gradcheck(OnlyOne(), x).failures == ("input[0]", "input[2]")
    assert "instead of 2 gradients" in gradcheck(OnlyOne(), x)["input[0]"].note


class Nothing:
    pass


def without(*names):
    class Lacking(mine.Linear):
        pass

    for name in names:
        setattr(Lacking, name, None)
    return Lacking()


class Bare(mine.Linear):
    def parameters(self):
        return [self.weight.data]


class Whole(mine.Linear):
    def __init__(self):
        super().__init__()
        self.weight.data = np.ones((4, 3), int)


class Uncopyable(mine.Linear):
    def __deepcopy__(self, memo):
        raise RuntimeError("no copies of me")


class Endless(mine.Linear):
    def __init__(self):
        super().__init__()
        self.bias.data[1] = np.inf


class Borrowing(mine.Linear):
    shared = mine.Weights(np.ones((4, 3)))

    def parameters(self):
        return [Borrowing.shared, self.bias]


@pytest.mark.parametrize(
    ("layer", "x", "error", "said"),
    [
        (without("forward"), maps(6, 4), TypeError, r"Lacking has no method forward\(\)"),
        (without("backward"), maps(6, 4), TypeError, r"Lacking has no method backward\(\)"),
        (
            without("parameters"),
            maps(6, 4),
            TypeError,
            r"no method parameters\(\); expected .* \.data and \.grad",
        ),
        (Nothing(), maps(6, 4), TypeError, "Nothing has no method forward"),
        (Nothing, maps(6, 4), TypeError, "the class Nothing was given; expected an object of it"),
        (Bare(), maps(6, 4), TypeError, "gives ndarray as parameter"),
        (Whole(), maps(6, 4), TypeError, "dtype int64 as parameter 'weight'"),
        (Uncopyable(), maps(6, 4), TypeError, "no copies of me"),
        (Borrowing(), maps(6, 4), TypeError, "still holds the original's parameter"),
        (mine.Linear(), [[1.0]], TypeError, "no float array to differentiate, only: list"),
        (mine.Linear(), np.ones((6, 4), int), TypeError, "no float array to differentiate, only: ndarray"),
        (mine.Linear(), (), TypeError, "only: nothing"),
        (mine.Linear(), np.ones((0, 4)), ValueError, r"shape \(0, 4\) is empty"),
        (mine.Linear(), np.full((6, 4), np.nan), ValueError, "NaN or infinity"),
        (Endless(), maps(6, 4), ValueError, "forward gives NaN or infinity"),
    ],
)
def test_what_cannot_be_checked_is_refused_by_name(layer, x, error, said):
    with pytest.raises(error, match=said):
        gradcheck(layer, x)
