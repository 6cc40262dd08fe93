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
        assert log.column("mean_iou") == ([2, 3], [pytest.approx(float("nan"), nan_ok=True), 0.5])
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
