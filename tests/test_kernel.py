"""How kernels are called: several Python threads at once, and after a fork."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import segnet_np

THREADS = """
import threading
import numba, numpy as np
import segnet_np as snp

x = np.random.default_rng(0).standard_normal((2, 3, 32, 40)).astype("float32")
nets = [snp.SegNetBasic(width=2, kernel_size=3).eval() for _ in range(3)]
relu = snp.layers.ReLU()
expected, positive = nets[0](x), relu(x)
assert numba.threading_layer() == "workqueue"

def work(net):
    for _ in range(30):
        assert np.array_equal(net(x), expected)
        assert np.array_equal(snp.layers.ReLU()(x), positive)
    done.append(net)

done = []
threads = [threading.Thread(target=work, args=(net,)) for net in nets]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all right" if len(done) == 3 else "some failed")
"""

FORK = """
import multiprocessing, sys
import numpy as np
import segnet_np as snp

def work(answers):
    try:
        answers.put(float(snp.layers.ReLU()(-np.ones((1, 1, 2, 2))).sum()))
    except RuntimeError as error:
        answers.put(str(error))

if __name__ == "__main__":
    way, used = sys.argv[1:]
    if used == "used":
        snp.layers.ReLU()(np.ones((1, 1, 2, 2)))
    context = multiprocessing.get_context(way)
    answers = context.Queue()
    child = context.Process(target=work, args=(answers,))
    child.start()
    print(answers.get(timeout=100))
    child.join()
"""


# No parallel code, so that Numba's bounds checks work; Winograd in all tile sizes, and every other kernel.
BOUNDS = """
import numba

njit = numba.njit
numba.njit = lambda *args, **options: njit(*args, **{k: v for k, v in options.items() if k != "parallel"})

import numpy as np
import segnet_np as snp

rng = np.random.default_rng(0)
for dtype, make, size in (
    ("float32", lambda: snp.SegNet(3, 5, 9), (33, 46)),
    ("float32", lambda: snp.SegNetBasic(3, 5, 17, 5, ceil_mode=True), (37, 18)),
    ("float64", lambda: snp.SegNetBasic(2, 3, 5, 3, dtype="float64"), (19, 22)),
):
    net = make()
    for optimizer in (snp.SGD(net.parameters(), lr=0.1, momentum=0.9), snp.AdamW(net.parameters())):
        x = rng.standard_normal((2, net.in_channels, *size)).astype(dtype)
        loss, dlogits = snp.softmax_cross_entropy(net(x), rng.integers(0, 3, (2, *size)))
        net.backward(dlogits)
        optimizer.step()
    net.predict(rng.integers(0, 256, (*size, net.in_channels), dtype=np.uint8))
for size in (3, 5, 7):
    for dtype in ("float32", "float64"):
        conv = snp.layers.Conv2d(17, 35, size, size // 2, dtype=dtype, algorithm="winograd")
        conv.backward(conv(rng.standard_normal((3, 17, 9, 26)).astype(dtype)))
relu, bn = snp.layers.ReLU(), snp.layers.BatchNorm2d(3)
bn.backward(bn(relu.backward(relu(rng.standard_normal((2, 3, 5, 7)).astype("float32")))))
print("within bounds")
"""


def run(program, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, program, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_python_threads_may_call_at_once_where_numba_itself_may_not(script):
    assert run(script(THREADS), NUMBA_THREADING_LAYER="workqueue") == "all right\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize(
    ("way", "used", "answer"),
    [
        ("fork", "used", "relu: this process was forked from one that had run kernels"),
        ("fork", "unused", "0.0"),
        ("spawn", "used", "0.0"),
    ],
)
def test_a_child_works_or_says_why_not(script, way, used, answer):
    assert run(script(FORK), way, used).startswith(answer)


def test_no_kernel_reads_or_writes_beyond_an_array(script, tmp_path):
    """What the vector words touch is not seen by this; guard zones in test_convolve.py are for them."""
    output = run(script(BOUNDS), NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert output == "within bounds\n"


def test_without_a_cache_that_can_be_written_there_is_one_warning(tmp_path):
    """A file in the place of a cache folder, because root may write to any folder."""
    package = Path(segnet_np.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "segnet_np", ignore=ignore)
    (tmp_path / "segnet_np" / "kernels" / "__pycache__").write_text("")
    program = (
        "import numpy as np; import segnet_np as snp; from segnet_np.machine import describe;"
        "print(snp.layers.ReLU()(-np.ones((1, 1, 2, 2))).sum(), describe()['kernel cache'])"
    )
    nowhere = str(tmp_path / "segnet_np" / "__init__.py" / "cache")
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment |= {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=True,
    )
    assert done.stdout == "0.0 none\n"
    assert done.stderr.count("compiled anew in every process") == 1
