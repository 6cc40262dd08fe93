"""The workspace lends what nobody holds, and only that."""

import copy
import tracemalloc

import numpy as np
import pytest

import segnet_np as snp
from segnet_np.layers import workspace as workspace_module
from segnet_np.layers.workspace import CACHE_LINE, Workspace


def test_what_is_given_back_is_lent_again():
    workspace = Workspace()
    a = workspace.empty((2, 3, 4), "float32")
    address = a.ctypes.data
    del a
    b = workspace.empty((4, 3), "float64")  # the same number of bytes
    assert b.ctypes.data == address
    assert b.shape == (4, 3)
    assert b.dtype == np.float64
    assert b.flags.c_contiguous
    assert b.flags.writeable


def test_a_view_holds_the_array():
    workspace = Workspace()
    a = workspace.empty((5, 7), "float32")
    a[...] = 3
    view = a[1:, ::2].T
    del a
    others = [workspace.empty((5, 7), "float32") for _ in range(3)]
    for other in others:
        other[...] = 9
    assert (view == 3).all()


def test_slack_lies_behind_the_array():
    workspace = Workspace()
    a = workspace.empty((2, 3), "float64", slack=10)
    beyond = np.lib.stride_tricks.as_strided(a.ravel(), (16,), (8,))
    beyond[...] = 1  # 16 numbers belong to it
    assert a.shape == (2, 3)


def test_clear_lets_go_and_a_copy_starts_empty():
    workspace = Workspace()
    a = workspace.empty((5, 7), "float32")
    del a
    assert workspace._free
    assert not copy.deepcopy(workspace)._free
    workspace.clear()
    assert not workspace._free


def test_a_layer_alone_keeps_nothing():
    """It may meet any size, and never meet it again."""
    workspace = Workspace(recycles=False)
    a = workspace.empty((5, 7), "float32")
    a[...] = 1
    del a
    assert not workspace._free
    assert not snp.layers.ReLU().workspace.recycles
    net = snp.SegNet(width=1)
    assert all(layer.workspace is net.workspace for layer in net.children().values())
    assert net.workspace.recycles


def test_uninitialised_memory_never_shows(monkeypatch):
    """All that the workspace lends is filled with NaN here, and none of it comes out."""
    empty = Workspace.empty

    def full_of_nan(self, shape, dtype, slack=0, leaves=False):
        array = empty(self, (int(np.prod(shape)) + slack,), dtype)
        array[...] = np.nan if array.dtype.kind == "f" else 255
        return array[: int(np.prod(shape))].reshape(shape)

    rng = np.random.default_rng(0)
    net = snp.SegNet(3, 5, 3)
    x = rng.standard_normal((2, 3, 45, 61)).astype("float32")
    dlogits = rng.standard_normal((2, 5, 45, 61)).astype("float32")
    expected = [net(x), net.backward(dlogits), *(p.grad for p in net.parameters())]
    net.zero_grad()
    monkeypatch.setattr(Workspace, "empty", full_of_nan)
    got = [net(x), net.backward(dlogits), *(p.grad for p in net.parameters())]
    for one, other in zip(got, expected, strict=True):
        assert np.array_equal(one, other)


def test_what_users_receive_is_theirs():
    """Logits, gradients and dx of one step are not touched by the next one."""
    rng = np.random.default_rng(0)
    net = snp.SegNet(width=2)
    x = rng.standard_normal((2, 3, 32, 33)).astype("float32")
    dlogits = rng.standard_normal((2, 11, 32, 33)).astype("float32")
    logits = net(x)
    dx = net.backward(dlogits)
    gradients = [p.grad for p in net.parameters()]
    kept = [logits.copy(), dx.copy(), *(g.copy() for g in gradients)]
    for _ in range(3):
        net.zero_grad()
        net(2 * x)
        net.backward(-dlogits)
    for before, now in zip(kept, [logits, dx, *gradients], strict=True):
        assert np.array_equal(before, now)


def test_a_large_block_serves_a_smaller_array_too():
    workspace = Workspace()
    a = workspace.empty((1 << 20,), "float32")
    address = a.ctypes.data
    del a
    half = workspace.empty((1 << 19,), "float32")
    assert half.ctypes.data == address
    assert half.shape == (1 << 19,)
    del half
    assert workspace.empty((1 << 20,), "float32").ctypes.data == address  # its size is not forgotten
    small = workspace.empty((1 << 10,), "float32")
    assert small.ctypes.data != address  # too small to be worth it


def test_arrays_begin_with_a_cache_line():
    workspace = Workspace()
    arrays = [workspace.empty((size,), "float32") for size in (1, 3, 17, 1000, 123456)]
    assert all(array.ctypes.data % CACHE_LINE == 0 for array in arrays)


@pytest.mark.parametrize("make", [lambda: snp.SegNet(width=8), lambda: snp.SegNetBasic(width=8)])
def test_no_large_array_is_made_after_the_first_step(make, monkeypatch):
    made = []
    aligned = workspace_module._aligned
    monkeypatch.setattr(workspace_module, "_aligned", lambda size: made.append(size) or aligned(size))
    rng = np.random.default_rng(0)
    net = make()
    optimizer = snp.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x = rng.standard_normal((4, 3, 96, 80)).astype("float32")
    labels = rng.integers(0, 11, (4, 96, 80))
    for step in range(5):
        optimizer.zero_grad()
        _, dlogits = snp.softmax_cross_entropy(net(x), labels)
        net.backward(dlogits, input_grad=False)
        optimizer.step()
        if step == 0:
            assert any(size > 100_000 for size in made)
            made.clear()
            tracemalloc.start()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not [size for size in made if size > 100_000]
    # What the loss makes belongs to the user and is fresh: the gradient of the logits, and labels by class.
    assert peak < 4 * dlogits.nbytes
