"""The loss against the reference and PyTorch: class weights, ignored pixels, extreme logits, bad labels."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, TOLERANCE, arrange, assert_close, bad_maps
from torch.nn import functional

from segnet_np import reference, softmax, softmax_cross_entropy

DTYPES = ("float32", "float64")
SHAPE = (2, 5, 6, 8)


def example(dtype, ignore_index=None, seed=0):
    rng = np.random.default_rng(seed)
    logits = (3 * rng.standard_normal(SHAPE)).astype(dtype)
    labels = rng.integers(0, 5, (2, 6, 8))
    if ignore_index is not None:
        labels[0, 1:4, 2:7] = ignore_index
    return logits, labels, rng.uniform(0.1, 3, 5)


@pytest.mark.parametrize("ignore_index", [None, 3, 11, 255, -100])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_reference_and_pytorch(dtype, weighted, ignore_index):
    logits, labels, weights = example(dtype, ignore_index)
    weights = weights if weighted else None
    loss, dlogits = softmax_cross_entropy(logits, labels, weights, ignore_index)

    tz = torch.tensor(logits, requires_grad=True)
    tw = None if weights is None else torch.tensor(weights.astype(dtype))
    options = {} if ignore_index is None else {"ignore_index": ignore_index}
    expected = functional.cross_entropy(tz, torch.tensor(labels), tw, **options)
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=TOLERANCE[dtype])
    assert_close(dlogits, tz.grad, TOLERANCE[dtype], "dlogits")
    assert dlogits.dtype == dtype

    ref_loss, ref_dlogits = reference.softmax_cross_entropy(logits, labels, weights, ignore_index)
    assert loss == pytest.approx(ref_loss, rel=TOLERANCE[dtype])
    assert_close(dlogits, ref_dlogits, TOLERANCE[dtype], "dlogits")


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax(dtype):
    logits, _, _ = example(dtype)
    probabilities = softmax(logits)
    assert_close(probabilities, reference.softmax(logits), TOLERANCE[dtype])
    assert_close(probabilities, torch.softmax(torch.tensor(logits), 1), TOLERANCE[dtype])


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    logits, labels, weights = example("float64")
    loss, dlogits = softmax_cross_entropy(logits, labels, weights)
    before = logits.copy()
    again, dlogits_again = softmax_cross_entropy(arrange(logits, order), np.asfortranarray(labels), weights)
    assert loss == again
    assert np.array_equal(dlogits, dlogits_again)
    assert np.array_equal(softmax(arrange(logits, order)), softmax(logits))
    assert np.array_equal(logits, before)


@pytest.mark.parametrize("ignore_index", [None, 11])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "uint64"])
def test_any_integer_labels(dtype, ignore_index):
    logits, labels, _ = example("float64", ignore_index)
    expected = softmax_cross_entropy(logits, labels, None, ignore_index)
    loss, dlogits = softmax_cross_entropy(logits, labels.astype(dtype), None, ignore_index)
    assert loss == expected[0]
    assert np.array_equal(dlogits, expected[1])


def test_weights_of_another_float_dtype_are_converted():
    logits, labels, weights = example("float64")
    rounded = weights.astype("float32")
    assert (
        softmax_cross_entropy(logits, labels, rounded)[0]
        == softmax_cross_entropy(logits, labels, rounded.astype("float64"))[0]
    )


@pytest.mark.parametrize("weights", [None, np.array([1.0, 1, 1, 0, 1])])
def test_nothing_counts(weights):
    """All pixels ignored, or all of weight 0: PyTorch says NaN, this says 0."""
    logits, labels, _ = example("float32")
    labels[:] = 3
    loss, dlogits = softmax_cross_entropy(logits, labels, weights, None if weights is not None else 3)
    assert loss == 0
    assert dlogits.shape == SHAPE
    assert not dlogits.any()


@pytest.mark.parametrize("size", [1e-60, 1e300])
@pytest.mark.parametrize("dtype", DTYPES)
def test_only_ratios_of_weights_matter(dtype, size):
    """Weights beyond the range of float32, whose sum overflows even float64, are as good as any."""
    logits, labels, weights = example(dtype)
    expected = softmax_cross_entropy(logits, labels, weights)
    loss, dlogits = softmax_cross_entropy(logits, labels, weights * size)
    assert loss == pytest.approx(expected[0], rel=TOLERANCE[dtype])
    assert_close(dlogits, expected[1], TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits_do_not_overflow(dtype):
    logits, labels, _ = example(dtype)
    logits *= 1e4
    loss, dlogits = softmax_cross_entropy(logits, labels)
    expected = functional.cross_entropy(torch.tensor(logits), torch.tensor(labels)).item()
    assert loss == pytest.approx(expected, rel=TOLERANCE[dtype])
    assert np.isfinite(dlogits).all()


def test_a_nan_shows():
    logits, labels, _ = example("float32")
    logits[1, 2, 3, 4] = np.nan
    loss, dlogits = softmax_cross_entropy(logits, labels)
    assert np.isnan(loss)
    assert np.isnan(dlogits).sum() == 5
    assert np.isnan(dlogits[1, :, 3, 4]).all()
    labels[1, 3, 4] = 255  # an ignored pixel's NaN has no part in it
    loss, dlogits = softmax_cross_entropy(logits, labels, ignore_index=255)
    assert np.isfinite(loss)
    assert not dlogits[1, :, 3, 4].any()


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(1, "float32"))
def test_bad_logits(x, error, match):
    with pytest.raises(error, match=match):
        softmax_cross_entropy(x, np.zeros((2, 6, 8), int))
    with pytest.raises(error, match=match):
        softmax(x)


@pytest.mark.parametrize(
    ("labels", "error", "match"),
    [
        (np.zeros((2, 6, 8)), TypeError, "integers, but have dtype float64"),
        (np.zeros((2, 6, 8), bool), TypeError, "integers, but have dtype bool"),
        ([[0]], TypeError, "numpy.ndarray, but a list"),
        (np.zeros((2, 6, 7), int), ValueError, r"\(2, 6, 8\), but \(2, 6, 7\)"),
        (np.zeros((2, 1, 6, 8), int), ValueError, r"\(2, 6, 8\), but \(2, 1, 6, 8\)"),
        (np.full((2, 6, 8), 5), ValueError, "0 to 4 or the ignored 255, but 5"),
        (np.full((2, 6, 8), -1), ValueError, "but -1"),
        (np.full((2, 6, 8), 2**64 - 1, "uint64"), ValueError, "but 18446744073709551615"),
    ],
)
def test_bad_labels(labels, error, match):
    with pytest.raises(error, match=match):
        softmax_cross_entropy(example("float32")[0], labels, ignore_index=255)


@pytest.mark.parametrize(
    ("weights", "error", "match"),
    [
        ([1.0] * 5, TypeError, "numpy.ndarray, but a list"),
        (np.ones(5, int), TypeError, "floats, but have dtype int64"),
        (np.ones(4), ValueError, r"\(5,\), one for each class, but \(4,\)"),
        (np.array([1, 1, -1.0, 1, 1]), ValueError, "not negative"),
        (np.array([1, 1, np.nan, 1, 1]), ValueError, "finite"),
    ],
)
def test_bad_weights(weights, error, match):
    logits, labels, _ = example("float32")
    with pytest.raises(error, match=match):
        softmax_cross_entropy(logits, labels, weights)


def test_bad_ignore_index():
    logits, labels, _ = example("float32")
    with pytest.raises(TypeError, match=r"ignore_index .* 2\.5"):
        softmax_cross_entropy(logits, labels, ignore_index=2.5)
