"""TensorBoard's files hold the numbers of the log; without tensorboardX there are none, and nothing fails."""

import errno
import struct
import sys
import threading

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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_full_disk_costs_tensorboard_and_not_the_training(tmp_path, monkeypatch, capsys):
    events = pytest.importorskip("tensorboardX.event_file_writer", reason="tensorboardX is not installed")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with Board(tmp_path, keep=0) as board:
        (thread,) = (t for t in board._threads if isinstance(t, events._EventLoggerThread))
        monkeypatch.setattr(events.EventsWriter, "write_event", full)
        row = {"step": 1, **{f"iou_{k}": 0.5 for k in range(17)}}  # more than a usual queue of tensorboardX
        with monkeypatch.context() as patch:
            patch.setattr(board, "_alive", lambda: True)  # asked just before the thread died
            writing = threading.Thread(target=board.write, args=(row,), daemon=True)
            writing.start()
            writing.join(10)
        assert not writing.is_alive()
        thread.join(10)
        for step in range(2, 50):  # more than any queue of tensorboardX holds
            board.write({"step": step, "loss": 0.5})
    assert capsys.readouterr().err.count("tensorboardX cannot write any more") == 1


def test_what_is_no_number_is_not_written(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    with Board(tmp_path, keep=0) as board:
        board.write({"step": 1, "loss": 0.5, "iou_Car": float("nan")})
    assert scalars(tmp_path / "tensorboard") == {(1, "loss"): 0.5}


@pytest.mark.parametrize("last", ["flush", "__exit__"])
def test_a_full_disk_when_it_is_flushed_or_closed_is_said(last, tmp_path, monkeypatch, capsys):
    events = pytest.importorskip("tensorboardX.event_file_writer", reason="tensorboardX is not installed")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    board = Board(tmp_path, keep=0)
    board.write({"step": 1, "loss": 0.5})
    monkeypatch.setattr(events.EventFileWriter, "flush", full)
    getattr(board, last)(*([None] * 3 if last == "__exit__" else []))
    assert "cannot write any more (No space left on device)" in capsys.readouterr().err
    board.write({"step": 2, "loss": 0.5})
