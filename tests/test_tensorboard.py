"""TensorBoard's files hold the numbers of the log; without tensorboardX there are none, and nothing fails."""

import struct
import sys

import pytest

from segnet_np.training.tensorboard import Board


def scalars(folder):
    """Read what was written: records of a length, a checksum, an event and a checksum."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for path in sorted(folder.glob("events*")):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]
            for value in event.summary.value:
                found[event.step, value.tag] = value.simple_value
    return found


def test_every_row_is_written(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    with Board(tmp_path, keep=0) as board:
        board.write({"step": 1, "loss": 0.5})
        board.write({"step": 2, "loss": 0.25, "iou_Car": 0.75})
    assert scalars(tmp_path / "tensorboard") == {(1, "loss"): 0.5, (2, "loss"): 0.25, (2, "iou/Car"): 0.75}


def test_without_tensorboardx(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with Board(tmp_path, keep=0) as board:
        board.write({"step": 1, "loss": 0.5})
    assert list(tmp_path.iterdir()) == []
