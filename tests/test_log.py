"""The log: on disk as soon as it is written, continued by a resumed run."""

import pytest

from segnet_np.training.log import Log


def test_the_log_is_on_disk_at_once_and_continues(tmp_path):
    path = tmp_path / "log.csv"
    with Log(path, ["loss", "mean_iou"]) as log:
        log.write({"step": 1, "loss": 2.5})
        log.write({"step": 2, "loss": 1.25, "mean_iou": float("nan")})
        log.write({"step": 3, "loss": 1.0, "mean_iou": 0.5})
        assert path.read_text() == "step,loss,mean_iou\n1,2.5,\n2,1.25,\n3,1,0.5\n"
        assert log.column("mean_iou") == ([3], [0.5])  # as after reading it again
        with pytest.raises(ValueError, match="no such columns: los"):
            log.write({"step": 4, "los": 1.0})
    with open(path, "a") as file:
        file.write("4,0.")  # killed while it wrote
    with Log(path, ["loss", "mean_iou"], keep=2) as log:
        assert path.read_text() == "step,loss,mean_iou\n1,2.5,\n2,1.25,\n"
        assert log.column("loss") == ([1, 2], [2.5, 1.25])
    with pytest.raises(
        ValueError, match=r"columns \['step', 'loss', 'mean_iou'\], expected \['step', 'acc'\]"
    ):
        Log(path, ["acc"])


def test_a_row_of_a_killed_run_is_dropped_wherever_it_was_torn(tmp_path):
    path = tmp_path / "log.csv"
    rows = ["step,loss,mean_iou\n", "1,2.5,\n", "2,1.25,0.5\n"]
    for end in range(len(rows[2])):  # "2,1.25," has all its cells, and "2,1.25,0." are numbers
        path.write_text("".join(rows[:2]) + rows[2][:end])
        Log(path, ["loss", "mean_iou"], keep=2).__exit__(None, None, None)
        assert path.read_text() == "".join(rows[:2])


def test_what_follows_the_rows_to_keep_is_not_even_read(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"step,loss\n1,2.5\n\0\0\xff\n3,nonsense\n")
    with Log(path, ["loss"], keep=1) as log:
        assert log.rows == [{"step": 1, "loss": 2.5}]
    path.write_bytes(b"step,loss\n1,2.5\n" + 200_000 * b"\0" + b"\n")  # too long for a cell
    with Log(path, ["loss"], keep=1) as log:
        assert log.rows == [{"step": 1, "loss": 2.5}]
    path.write_bytes(b"step,loss\n1,2.5\n7,1.5\n")
    with Log(path, ["loss"], keep=2) as log:
        assert log.rows == [{"step": 1, "loss": 2.5}]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2,nonsense", "could not convert"),
        ("2", "1 cells, expected 2"),
        ("2," + 200_000 * "5", "field larger than"),
    ],
    ids=["words", "cells", "long"],
)
def test_rows_to_keep_that_are_none_are_named(row, message, tmp_path):
    (tmp_path / "log.csv").write_text(f"step,loss\n1,2.5\n{row}\n3,1\n")
    with pytest.raises(ValueError, match=rf"log\.csv:3: {message}"):
        Log(tmp_path / "log.csv", ["loss"], keep=3)


def test_numbers_of_any_size_are_the_same_when_read_and_written_again(tmp_path):
    path = tmp_path / "log.csv"
    with Log(path, ["loss"]) as log:
        for step, loss in enumerate((123456789.0, 12345678.9, 1e22, 1.0, 0.1 + 0.2, 1e-9), start=99999998):
            log.write({"step": step, "loss": loss})
    text = path.read_text()
    Log(path, ["loss"], keep=10**9).__exit__(None, None, None)
    assert path.read_text() == text
    assert "\n100000003,1e-09\n" in text
