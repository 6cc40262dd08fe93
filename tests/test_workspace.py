"""The workspace lends what nobody holds, and only that."""

import copy

import numpy as np

import segnet_np as snp
from segnet_np.layers.workspace import Workspace


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

    def full_of_nan(self, shape, dtype, slack=0):
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
