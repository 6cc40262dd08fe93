"""How long a process takes to its first finished step, with an empty kernel cache and with a filled one."""

import subprocess
import sys
import tempfile
import time
from typing import Any

import numba

from segnet_np.verify.bench.in_turn import environment

FIRST_STEP = """
import numpy as np
import segnet_np as snp

net = snp.SegNet(width=16)
optimizer = snp.SGD(net.parameters(), lr=1e-3, momentum=0.9)
rng = np.random.default_rng(0)
x = rng.standard_normal((16, 3, 64, 64)).astype("float32")
loss, dlogits = snp.softmax_cross_entropy(net(x), rng.integers(0, 11, (16, 64, 64)))
net.backward(dlogits, input_grad=False)
optimizer.step()
"""


def measure(colds: int = 2, warms: int = 5) -> dict[str, Any]:
    """Seconds of a whole process, cold and warm, each several times."""
    cold, warm = [], []
    for _ in range(colds):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(_seconds(folder))
            warm += [_seconds(folder) for _ in range(warms)]
    return {"cold": cold, "warm": warm}


def _seconds(cache: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", FIRST_STEP],
        env={**environment(numba.get_num_threads()), "NUMBA_CACHE_DIR": cache},
        check=True,
    )
    return time.perf_counter() - began
