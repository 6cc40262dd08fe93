"""Checkpoints: what goes in comes out, and what is no checkpoint is refused by name."""

import errno
import json
import pickle
import re

import numpy as np
import pytest
from safetensors.numpy import save_file

from segnet_np.models.tensors_file import read_tensors
from segnet_np.training import checkpoint as checkpoints
from segnet_np.training.checkpoint import (
    FORMAT,
    Checkpoint,
    _checksum,
    load_checkpoint,
    load_newest,
    save_checkpoint,
)


def checkpoint(step=3):
    rng = np.random.default_rng(step)
    return Checkpoint(
        step=step,
        # Not C-contiguous: a writer that takes the memory as it lies would mix it up.
        weights={
            "conv.weight": rng.normal(size=(2, 3, 4)).astype("float32").transpose(2, 0, 1),
            "bn.n": np.array(7),
        },
        optimizer={
            "state": {"0.exp_avg": rng.normal(size=(5,)), "0.step": np.array(step)},
            "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "params": [0]}],
        },
        seconds=1.5,
        best={"step": 2, "confusion": [[1, 2], [3, 4]]},
        seen=[70, 0],
        config={"width": 4, "data": None},
    )


def test_what_goes_in_comes_out(tmp_path):
    saved = checkpoint()
    save_checkpoint(saved, tmp_path / "c.safetensors")
    loaded = load_checkpoint(tmp_path / "c.safetensors")
    for ours, theirs in (
        (saved.weights, loaded.weights),
        (saved.optimizer["state"], loaded.optimizer["state"]),
    ):
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            assert theirs[name].dtype == array.dtype
            np.testing.assert_array_equal(theirs[name], array)
    assert (loaded.step, loaded.seconds, loaded.best, loaded.config) == (3, 1.5, saved.best, saved.config)
    assert loaded.seen == [70, 0]
    assert loaded.optimizer["param_groups"] == [{"lr": 0.1, "betas": [0.9, 0.999], "params": [0]}]


def test_any_length_of_the_header_is_read(tmp_path):
    # The file begins with that length, and some of its bytes are also what a pickle begins with.
    for length in range(0, 256, 8):
        saved = checkpoint()
        saved.config = {"name": "x" * length}
        save_checkpoint(saved, tmp_path / "c.safetensors")
        assert load_checkpoint(tmp_path / "c.safetensors").config == saved.config


def test_a_full_disk_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "c.safetensors"
    save_checkpoint(checkpoint(step=3), path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(checkpoint(step=4), path)
    assert load_checkpoint(path).step == 3
    assert list(tmp_path.iterdir()) == [path]


def small(step=3):
    return Checkpoint(
        step=step,
        weights={"a.weight": np.arange(3, dtype="float32"), "n": np.array(7)},
        optimizer={"state": {"0.step": np.array(step)}, "param_groups": []},
        seconds=1.5,
        best=None,
        seen=None,
        config={"data": "Straße"},
    )


def test_any_bit_that_is_not_as_it_was_written_is_noticed(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(small(), path)
    whole = path.read_bytes()
    load_checkpoint(path)
    for at in range(len(whole)):
        for bit in {at % 8, 5}:  # each place, with the bit between upper and lower case; all eight take 12 s
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=r"c\.safetensors"):
                load_checkpoint(path)


def test_any_missing_or_added_end_is_noticed(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(small(), path)
    whole = path.read_bytes()
    for damaged in (*(whole[:length] for length in range(len(whole))), whole + b"\0"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"c\.safetensors"):
            load_checkpoint(path)


def test_arrays_that_changed_places_are_noticed(tmp_path):
    # All bits are there and the file is whole: only which array is which has changed.
    path = tmp_path / "c.safetensors"
    saved = small()
    saved.weights = {"a": np.zeros(3), "b": np.ones(3)}
    save_checkpoint(saved, path)
    whole = path.read_bytes()
    exchanged = whole.replace(b"weights/a", b"weights/x").replace(b"weights/b", b"weights/a")
    path.write_bytes(exchanged.replace(b"weights/x", b"weights/b"))
    with pytest.raises(ValueError, match=r"c\.safetensors is damaged"):
        load_checkpoint(path)
    path.write_bytes(re.sub(rb'"shape":\[3\]', b'"shape":[3,1]', whole))
    with pytest.raises(ValueError, match=r"c\.safetensors"):
        load_checkpoint(path)


def test_the_newest_that_is_whole_is_read(tmp_path, monkeypatch):
    path, previous, said = tmp_path / "c.safetensors", tmp_path / "c-previous.safetensors", []
    assert load_newest(path, said.append) is None
    for step in (1, 2, 3):
        save_checkpoint(small(step), path)
    found, where = load_newest(path, said.append)
    assert (found.step, where, said) == (3, path, [])

    path.rename(tmp_path / "newest")  # as if killed between the two renamings
    found, where = load_newest(path, said.append)
    assert (found.step, where) == (2, previous)
    assert said == [f"warning: {path} is missing; going on with {previous}, of step 2"]

    path.write_bytes(b"")
    found, _ = load_newest(path, said.append)
    assert found.step == 2
    assert str(path) in said[1]
    save_checkpoint(small(4), path, keep_previous=False)
    assert [load_checkpoint(name).step for name in (previous, path)] == [2, 4]

    def unreadable(name):  # a disk with a bad block
        if name == path:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return read_tensors(name)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "read_tensors", unreadable)
        found, where = load_newest(path, said.append)
    assert (found.step, where) == (2, previous)
    assert "Input/output error" in said[-1]

    for name in (previous, path):
        name.write_bytes(b"not at all")
    with pytest.raises(ValueError, match=rf"can be used: {path} is no .*; {previous} is no"):
        load_newest(path, said.append)
    previous.unlink()
    with pytest.raises(ValueError, match=rf"can be used: {path} is no .*; {previous} is missing"):
        load_newest(path, said.append)


def test_what_is_no_checkpoint_is_named(tmp_path):
    path = tmp_path / "c.safetensors"
    with pytest.raises(FileNotFoundError, match=r"c\.safetensors"):
        load_checkpoint(path)

    save_checkpoint(checkpoint(), path)
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:100], b"", b"not at all"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"c\.safetensors"):
            load_checkpoint(path)

    path.write_bytes(pickle.dumps({"step": 3}))
    with pytest.raises(ValueError, match="pickle"):
        load_checkpoint(path)

    save_file({"x": np.zeros(3)}, path)
    with pytest.raises(ValueError, match=r"c\.safetensors: not a checkpoint.*format None"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("training", "arrays", "message"),
    [
        ("{", {}, "cannot be read"),
        ("[]", {}, "lacks step, seconds"),
        (json.dumps({"step": 1, "seconds": 1, "best": None, "config": {}}), {}, "lacks param_groups"),
        (
            json.dumps({"step": 1, "seconds": 1, "best": None, "config": {}, "param_groups": []}),
            {"extra/x": np.zeros(3)},
            "no checkpoint has: extra/x",
        ),
        (
            json.dumps({"step": -1, "seconds": "1", "best": {}, "config": [], "param_groups": [3]}),
            {},
            r"step -1, seconds '1', param_groups \[3\], best {}, config \[\]",
        ),
    ],
)
def test_a_checkpoint_with_parts_wrong_is_refused(training, arrays, message, tmp_path):
    path = tmp_path / "c.safetensors"
    whole = {"format": FORMAT, "training": training, "sha256": _checksum(training, arrays)}
    save_file(arrays, path, whole)
    with pytest.raises(ValueError, match=message):
        load_checkpoint(path)
