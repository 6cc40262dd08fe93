"""How kernels are called: several Python threads at once, and after a fork."""

import os
import subprocess
import sys

import pytest

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


def run(program, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, program, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=200,
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
