import pytest
from planted_bugs import CONV, MeanForSum, maps

from segnet_np.verify import gradcheck


def test_the_report_reads_as_a_table_and_loops_over_rows():
    report = gradcheck(MeanForSum(**CONV), maps(), pytorch=False)
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
