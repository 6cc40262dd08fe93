"""Peak memory of training: what activations and scratch take, beside PyTorch's.

From a process's peak of resident memory are taken away what it had after the bare imports, and three times
the weights: themselves, their gradients and the momentum. Each side runs in a process of its own, ours with a
warm kernel cache.
"""

import json
import subprocess
import sys
from typing import Any

import numba

from segnet_np.verify.bench.cases import Case, build
from segnet_np.verify.bench.in_turn import environment
from segnet_np.verify.bench.worker import SIDES, preparer

CASES = [Case("train", 8, 96, 96, 64), Case("train", 1, 352, 480, 64)]
STEPS = 3


def measure(side: str, case: Case) -> float:
    """Megabytes of activations and scratch that training takes in this process."""
    prepare = preparer(side)
    before = resident("VmRSS")
    weights = sum(parameter.data.nbytes for parameter in build(case).parameters()) / 1e6
    step = prepare(case)
    for _ in range(STEPS):
        step()
    return resident("VmHWM") - before - 3 * weights


def resident(kind: str) -> float:
    """Megabytes of resident memory, now (VmRSS) or at most (VmHWM); of this process alone."""
    with open("/proc/self/status", encoding="ascii") as file:
        (line,) = (line for line in file if line.startswith(f"{kind}:"))
    return int(line.split()[1]) * 1024 / 1e6


def measure_all() -> list[dict[str, Any]]:
    """Each case on each side."""
    rows = []
    for case in CASES:
        _in_process(SIDES[0], case)  # fills the kernel cache
        sides = {side: _in_process(side, case) for side in SIDES}
        best = min(value for side, value in sides.items() if side != SIDES[0])
        rows.append({"name": case.name, "megabytes": sides, "ratio": sides[SIDES[0]] / best})
    return rows


def _in_process(side: str, case: Case) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", side, json.dumps(case.as_dict())],
        env=environment(numba.get_num_threads()),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    print(measure(sys.argv[1], Case(**json.loads(sys.argv[2]))))
