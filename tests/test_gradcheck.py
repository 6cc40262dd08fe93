"""Planted bugs: each is caught, in the row it belongs to, with a note that helps; nothing else fails."""

import copy
import pickle
import sys

import learner_layers as mine
import numba
import numpy as np
import pytest

from segnet_np import layers, models
from segnet_np.verify import gradcheck

SHAPE = (2, 3, 6, 8)


def maps(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape or SHAPE)


# --- this package's layers, each with one line of backward changed ---------------------------------


class NoXHatTerm(layers.BatchNorm2d):
    def backward(self, dout):
        inv_std = self._remembered[4]
        super().backward(dout)
        scale = (self.weight.data * inv_std)[:, None, None]
        return scale * (dout - dout.mean((0, 2, 3), keepdims=True))


class NoMeanTerm(layers.BatchNorm2d):
    def backward(self, dout):
        dx = super().backward(dout)
        inv_std = 1 / np.sqrt(self._x.var((0, 2, 3)) + self.eps)
        return dx + (self.weight.data * inv_std)[:, None, None] * dout.mean((0, 2, 3), keepdims=True)

    def forward(self, x):
        self._x = x
        return super().forward(x)


class SpoiledConv(layers.Conv2d):
    """Adds to the gradients as it should, but one of them goes through `spoil` before."""

    spoiled = "bias"

    def backward(self, dout, input_grad=True):
        parameter = getattr(self, self.spoiled)
        before, parameter.grad = parameter.grad, None
        dx = super().backward(dout, input_grad)
        gradient = self.spoil(parameter.grad, dout)
        parameter.grad = gradient if before is None else before + gradient
        return dx


class SwappedAxes(SpoiledConv):
    spoiled = "weight"

    def spoil(self, dweight, dout):
        return dweight.swapaxes(2, 3)


class SwappedChannels(SpoiledConv):
    spoiled = "weight"

    def spoil(self, dweight, dout):
        return dweight.swapaxes(0, 1)


class WrongScatter(layers.MaxPool2d):
    def backward(self, dout):
        dx = super().backward(dout)
        return np.roll(dx, 1, axis=3)


class WrongGather(layers.MaxUnpool2d):
    def backward(self, dout):
        return super().backward(np.ascontiguousarray(dout[:, ::-1]))


class ForgottenSum(SpoiledConv):
    def spoil(self, dbias, dout):
        return dout.sum((2, 3))


class ForgottenBatch(SpoiledConv):
    def spoil(self, dbias, dout):
        return dout[0].sum((1, 2))


class TieToBoth(layers.MaxPool2d):
    def forward(self, x):
        self._x = x
        self._y, indices = super().forward(x)
        return self._y, indices

    def backward(self, dout):
        super().backward(dout)
        repeat = [np.repeat(np.repeat(a, 2, 2), 2, 3) for a in (self._y, dout)]
        return (self._x == repeat[0]) * repeat[1]


class TieToTheLast(layers.MaxPool2d):
    def forward(self, x):
        y, indices = super().forward(np.ascontiguousarray(x[:, :, ::-1, ::-1]))
        return np.ascontiguousarray(y[:, :, ::-1, ::-1]), indices

    def backward(self, dout):
        return super().backward(np.ascontiguousarray(dout[:, :, ::-1, ::-1]))[:, :, ::-1, ::-1]


class StaleCache(layers.Conv2d):
    def forward(self, x):
        out = super().forward(x)
        self._first = getattr(self, "_first", self._remembered)
        self._remembered = self._first
        return out


class OneForwardLate(layers.ReLU):
    def forward(self, x):
        out = super().forward(x)
        self._before, self._remembered = self._remembered, getattr(self, "_before", self._remembered)
        return out


class UnturnedKernel(layers.Conv2d):
    def backward(self, dout, input_grad=True):
        turned = np.ascontiguousarray(self.weight.data[:, :, ::-1, ::-1])
        self.weight.data, kept = turned, self.weight.data
        dx = super().backward(dout, input_grad)
        self.weight.data = kept
        return dx


class MeanForSum(SpoiledConv):
    def spoil(self, dbias, dout):
        return dout.mean((0, 2, 3))


class NoPadding(layers.Conv2d):
    def backward(self, dout, input_grad=True):
        dx = super().backward(dout, input_grad).copy()
        dx[:, :, 0] = 0
        dx[:, :, -1] = 0
        return dx


class Overwrites(layers.Conv2d):
    def backward(self, dout, input_grad=True):
        self.zero_grad()
        return super().backward(dout, input_grad)


class ReversedMask(layers.ReLU):
    def forward(self, x):
        self._x = x
        return super().forward(x)

    def backward(self, dout):
        super().backward(dout)
        return dout * (self._x < 0)


conv = {"in_channels": 3, "out_channels": 5, "kernel_size": 3, "padding": 1}
EVEN = maps(2, 3, 4, 6)

PLANTED = [
    (NoXHatTerm(3), maps(), ["input"], "proportional to x_hat along axes 0, 2, 3 is missing"),
    (NoMeanTerm(3), maps(), ["input"], "constant along axes 0, 2, 3 is missing"),
    (SwappedAxes(**conv), maps(), ["weight"], "swapped axes (right after transpose(0, 1, 3, 2))"),
    (SwappedChannels(**conv), maps(), ["weight"], "right after transpose(1, 0, 2, 3): swapped axes"),
    (WrongScatter(), EVEN, ["input", "ties"], "wrong scatter"),
    (WrongGather(), (maps(2, 3, 2, 3), layers.MaxPool2d()(EVEN)[1]), ["input"], "wrong scatter or gather"),
    (ForgottenSum(**conv), maps(), ["bias"], "summed over axis 0 it would be right: a forgotten sum"),
    (
        ForgottenBatch(**conv),
        maps(),
        ["bias"],
        "a forgotten sum: of dout only one entry is taken along axis 0",
    ),
    (TieToBoth(), EVEN, ["ties"], "do not add up to one upstream gradient: a wrong tie"),
    (TieToTheLast(), EVEN, ["ties"], "a wrong tie: "),
    (StaleCache(**conv), maps(), ["weight"], "of an earlier forward: a stale cache"),
    (OneForwardLate(), maps(), ["calls"], "a stale cache"),
    (UnturnedKernel(**conv), maps(), ["input"], "right if weight were turned by 180 degrees in it"),
    (
        MeanForSum(**conv),
        maps(),
        ["bias"],
        "factor 96 (= 2 * 6 * 8, axes 0, 2, 3 of the output): a mean where",
    ),
    (NoPadding(**conv), maps(), ["input"], "on the border of the map: look at the padding"),
    (Overwrites(**conv), maps(), ["calls"], "writes over .grad; expected: it adds"),
    (ReversedMask(), maps(), ["input"], "a wrong mask"),
]


@pytest.mark.parametrize("pytorch", [False, None], ids=["differences alone", "with PyTorch"])
@pytest.mark.parametrize(
    ("layer", "x", "rows", "said"), PLANTED, ids=[type(case[0]).__name__ for case in PLANTED]
)
def test_planted_bugs_are_caught_where_they_are(layer, x, rows, said, pytorch):
    report = gradcheck(layer, x, pytorch=pytorch)
    assert not report.ok
    assert list(report.failures) == rows, str(report)
    assert said in report[rows[0]].note, report[rows[0]].note
    right = next(kind for kind in type(layer).__mro__ if kind.__module__.startswith("segnet_np.layers"))
    fixed = copy.deepcopy(layer)
    fixed.__class__ = right
    assert gradcheck(fixed, x, pytorch=pytorch).ok


LEARNERS = [
    ("Linear", "transposed", "weight", "shape (3, 4) instead of (4, 3); right after transpose(1, 0)"),
    ("Linear", "none", "weight", "leaves None here"),
    ("Linear", "nan", "weight", "of 12 entries are NaN"),
    ("Linear", "list", "weight", "not an ndarray but list"),
    ("Linear", "mean", "weight", "too small by the factor 6"),
    ("Linear", "zero", "weight", "all zero"),
    ("Linear", "sign", "weight", "a wrong sign"),
    ("Linear", "twice", "weight", "exactly twice as large"),
    ("Linear", "ones", "weight", "for another dout: backward does not use it"),
    ("Linear", "no sum", "bias", "summed over axis 0 it would be right: a forgotten sum"),
    ("Linear", "one row", "bias", "a forgotten sum: of dout only one entry is taken along axis 0"),
    ("Linear", "sum of all", "bias", "one axis too many"),
    ("Linear", "as a row", "bias", "shape (1, 3) instead of (3,)"),
    ("Linear", "writes dout", "calls", "writes into dout, which belongs to the caller"),
    ("Linear", "first x", "weight", "of an earlier forward: a stale cache"),
    ("Linear", "casts in the middle", "input weight", "casts to float32, too coarse for differences"),
    ("Linear", "casts", "input weight bias", "it returned float32"),
    ("BatchNorm", "no mean term", "input", "constant along axis 0 is missing"),
    ("BatchNorm", "no x_hat term", "input", "proportional to x_hat along axis 0 is missing"),
    ("ReLU", "in place", "calls", "writes into its input"),
    ("ReLU", "no mask", "input", "does not use what the latest forward saw"),
    ("Pool", "both", "ties", "do not add up to one upstream gradient: a wrong tie"),
    ("Pool", "last", "ties", "of tied maxima the first"),
    ("Pool", "shared", "ties", "of tied maxima the first"),
    ("Pool", "next place", "input ties", "a wrong scatter"),
    ("Pool", "everywhere", "input ties", "does not use what the latest forward saw"),
    ("Pool", "rows for columns", "input ties", "a wrong scatter"),
]


@pytest.mark.parametrize(("kind", "bug", "rows", "said"), LEARNERS)
def test_bugs_of_learners_are_caught_and_named(kind, bug, rows, said):
    x = maps(2, 3, 4, 6) if kind == "Pool" else maps(6, 4)
    report = gradcheck(getattr(mine, kind)(bug=bug), x)
    assert list(report.failures) == rows.split(), str(report)
    assert said in report[report.failures[0]].note
    assert gradcheck(getattr(mine, kind)(), x).ok


class AnotherForward(layers.Conv2d):
    """Backward fits forward, but forward is not the convolution it says it is."""

    def forward(self, x):
        return 2 * super().forward(x)

    def backward(self, dout, input_grad=True):
        return super().backward(2 * dout, input_grad)


def test_pytorch_tells_a_wrong_forward_that_differences_cannot():
    layer, x = AnotherForward(**conv), maps()
    assert gradcheck(layer, x, pytorch=False).ok
    report = gradcheck(layer, x)
    assert report.failures == ("output", "input", "weight", "bias")
    assert "forward differs from PyTorch's" in report["output"].note
    assert "agrees with differences but not with PyTorch" in report["weight"].note
    assert report["weight"].pytorch == pytest.approx(1.0)


# --- whole nets -------------------------------------------------------------------------------------


def test_in_a_whole_net_the_wrong_layer_is_named():
    net = models.SegNetBasic(width=3, num_classes=5, kernel_size=3)
    net.decoder[1]["_decode3"].conv.__class__ = MeanForSum  # in front of a batch norm: no effect there
    net.encoder[2]["3"].bn.__class__ = NoXHatTerm
    report = gradcheck(net, maps(2, 3, 17, 23), pytorch=False)
    assert report.failures == ("input", "all parameters", "conv1", "bn1", "conv2", "bn2", "conv3")
    assert "start here, the wrong one nearest to the output: from bn3 on all is right" in report["conv3"].note
    assert report["conv3"].index is not None
    assert "analytic" in report["conv3"].note


class Stack:
    """A learner's net: layers in a list, parameters without names."""

    def __init__(self, bug=""):
        self.layers = [
            mine.Linear(40, 60),
            mine.ReLU(),
            mine.Linear(60, 50, bug=bug),
            mine.ReLU(),
            mine.Linear(50, 7),
        ]

    def parameters(self):
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


def test_a_learners_net_is_checked_along_directions():
    x = maps(9, 40)
    assert gradcheck(Stack(), x).ok
    report = gradcheck(Stack("mean"), x)
    assert report.failures == ("all parameters", "parameters()[2]")
    for seed in range(5):
        report = gradcheck(Stack("casts"), x, seed=seed)
        assert report.failures[:5] == ("input", "all parameters", *(f"parameters()[{k}]" for k in range(3)))
        assert "casts to float32" in report["input"].note


class Counting(models.SegNetBasic):
    forwards = 0

    def run_forward(self, x):
        Counting.forwards += 1
        return super().run_forward(x)


def test_a_net_costs_evaluations_by_layers_not_by_parameters():
    counts = []
    for width in (1, 4):
        Counting.forwards = 0
        gradcheck(Counting(width=width, num_classes=2, kernel_size=3), maps(1, 3, 16, 18), pytorch=False)
        counts.append(Counting.forwards)
    rows = 2 + 4 * 4 + 1  # input, all, and a convolution and a batch norm for each of eight blocks
    assert 2 * rows < counts[0] < 3 * rows
    assert counts[1] <= counts[0] + 12  # kinks may ask for a smaller step here and there


def test_a_large_layer_is_checked_along_directions_and_bugs_still_have_a_place(monkeypatch):
    monkeypatch.setattr(sys.modules[gradcheck.__module__], "EVERY_ENTRY_UP_TO", 10)
    assert gradcheck(layers.Conv2d(**conv), maps()).ok
    report = gradcheck(MeanForSum(**conv), maps())
    assert report.failures == ("all parameters", "bias")
    assert report["bias"].checked == "direction"
    assert "worst of a sample: bias[" in report["bias"].note


# --- kinks --------------------------------------------------------------------------------------------


def test_a_step_across_a_kink_is_made_smaller_and_said():
    x = maps(2, 3, 2, 2)
    x[0, 1, 0, 1], x[1, 0, 1, 1] = 3e-6, -2e-6
    row = gradcheck(layers.ReLU(), x)["input"]
    assert row.ok
    assert row.note.startswith("2 of 24 entries: kink within h = ")


def test_a_net_that_jumps_at_ties_is_moved_along_them():
    x = maps(2, 3, 16, 18)
    x[:, :, :8] = 0.5  # a flat patch: all of its windows are tied, in the first pool and in the next
    net = models.SegNetBasic(width=2, num_classes=3, kernel_size=3)
    report = gradcheck(net, x, pytorch=False)
    assert report.ok
    assert "equal values moved together" in report["input"].note
    net.encoder[1]["2"].bn.__class__ = NoXHatTerm
    assert "input" in gradcheck(net, x, pytorch=False).failures


def test_where_every_step_crosses_a_kink_another_direction_is_drawn(monkeypatch):
    monkeypatch.setattr(sys.modules[gradcheck.__module__], "EVERY_ENTRY_UP_TO", 0)
    x = np.array([[1.0, 1e-8, -1.0, 1e-8]])
    rows = [gradcheck(mine.ReLU(), x, seed=seed)["input"] for seed in range(20)]
    assert any("redrawn" in row.note and row.ok for row in rows)


def test_a_kink_nearby_is_not_taken_for_a_tie():
    class Jagged(mine.ReLU):
        """|x - n| for the integer n nearest to x, its kink moved a little away from n."""

        def forward(self, x):
            self.x = x - np.round(x) + 3e-5
            return np.abs(self.x)

        def backward(self, dout):
            return dout * np.sign(self.x)

    x = np.random.default_rng(0).permutation(np.arange(24.0))
    assert [row.name for row in gradcheck(Jagged(), x)] == ["input", "calls"]


def test_exactly_at_a_kink_a_subgradient_passes():
    x = maps(2, 3, 4, 6)
    x[0, 0] = 0.0
    x[1, 2, :2, :2] = 1.5
    for layer in (layers.ReLU(), layers.MaxPool2d(), mine.Pool("shared")):
        row = gradcheck(layer, x)["input"]
        assert row.ok
        assert "at a kink" in row.note


# --- what zero means ------------------------------------------------------------------------------------


def test_a_bias_in_front_of_a_batch_norm_passes_and_is_explained():
    block = layers.ConvBNReLU(3, 5, 3, 1)
    row = gradcheck(block, maps())["conv.bias"]
    assert row.ok
    assert "zero but for rounding" in row.note

    class WrongBias(layers.ConvBNReLU):
        def backward(self, dout, input_grad=True):
            dx = super().backward(dout, input_grad)
            self.conv.bias.grad = self.conv.bias.grad + 0.01
            return dx

    assert gradcheck(WrongBias(3, 5, 3, 1), maps()).failures == ("conv.bias",)


@pytest.mark.parametrize("x", [1e-4 * maps(), 255 * maps(), 100 + maps(), 1e4 + maps()])
def test_numbers_of_any_size_pass(x):
    for layer in (layers.BatchNorm2d(3), layers.Conv2d(**conv), layers.ReLU(), layers.MaxPool2d()):
        assert gradcheck(layer, x).ok


# --- nothing is changed -----------------------------------------------------------------------------------


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


def test_kernels_get_their_threads_back():
    before = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(before)
    gradcheck(layers.ReLU(), maps())
    with pytest.raises(ZeroDivisionError):
        gradcheck(FailsLater(), maps(6, 4))
    assert numba.get_num_threads() == before


class FailsLater(mine.Linear):
    def forward(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return super().forward(x) / (self.calls < 6 or 0 // 0)


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


def test_the_same_seed_gives_the_same_report():
    reports = [str(gradcheck(layers.ConvBNReLU(3, 5, 3, 1), maps(), seed=seed)) for seed in (4, 4, 5)]
    assert reports[0] == reports[1] != reports[2]


# --- what is given ----------------------------------------------------------------------------------------


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


def test_a_random_forward_is_told_apart_from_a_wrong_gradient():
    class Dropout(mine.ReLU):
        rng = np.random.default_rng(0)

        def forward(self, x):
            return super().forward(x) * (self.rng.random(x.shape) < 0.5)

    report = gradcheck(Dropout(), maps(6, 4))
    assert report.failures == ("forward",)
    assert "fix the seed" in report["forward"].note


# --- the report -------------------------------------------------------------------------------------------


def test_the_report_reads_as_a_table_and_loops_over_rows():
    report = gradcheck(MeanForSum(**conv), maps(), pytorch=False)
    text = str(report)
    assert text.splitlines()[0].startswith(
        "Conv2d(3, 5, kernel_size=3, padding=1, bias=True) on (2, 3, 6, 8)"
    )
    assert text.splitlines()[-1] == "1 of 4 rows FAIL: bias"
    assert len(report) == len(list(report)) == 4
    row = report["bias"]
    assert row.index is not None
    assert row.analytic == pytest.approx(row.numeric / 96)
    assert f"{row.analytic:.7g}" in text
    assert f"{row.numeric:.7g}" in text
    assert "PyTorch" not in text
    assert all(len(line) <= 110 for line in text.splitlines())
    with pytest.raises(KeyError, match="no row 'wieght'; there are input, weight"):
        report["wieght"]


def test_without_pytorch_the_report_says_so(monkeypatch):
    import segnet_np.verify.against_pytorch as against

    assert "PyTorch" in str(gradcheck(layers.ReLU(), maps()))
    monkeypatch.setattr(against, "find_spec", lambda name: None)
    report = gradcheck(layers.ReLU(), maps())
    assert report.ok
    assert report.remark == "without the column for PyTorch: it is not installed (pip install torch)"
    assert "no counterpart of Linear" in gradcheck(mine.Linear(), maps(6, 4), pytorch=True).remark


def test_pytorch_can_be_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "segnet_np.verify.twin", raising=False)
    monkeypatch.delattr("segnet_np.verify.twin", raising=False)
    assert gradcheck(layers.ReLU(), maps()).ok
    with pytest.raises(ImportError, match="torch"):
        gradcheck(layers.ReLU(), maps(), pytorch=True)
