"""A process that times one side's cases on demand: a line of JSON in, a line of JSON out.

    {"case": {...}, "repeats": 3}    ->    {"seconds": [...], "first": ..., "rss": ..., "peak_rss": ...}

Memory is in bytes: `rss` before the first case was prepared, `peak_rss` the most so far.
"""

import json
import os
import sys
import time
from collections.abc import Callable

from segnet_np.verify.bench.cases import Case

SIDES = ("segnet_np", "PyTorch", "PyTorch channels_last")
WARM_UPS = 2


def serve(side: str) -> None:
    """Answer until the input ends."""
    prepare = _prepare(side)
    answers = os.fdopen(os.dup(1), "w")  # alone on the real stdout, whatever a library may print there
    os.dup2(2, 1)
    before = _rss()
    prepared: tuple[Case, Callable[[], object], float] | None = None
    for line in sys.stdin:
        order = json.loads(line)
        case = Case(**order["case"])
        if prepared is None or prepared[0] != case:
            prepared = None  # lets go of the last case's memory before the next one takes its own
            once = prepare(case)
            began = time.perf_counter()
            once()
            first = time.perf_counter() - began
            for _ in range(WARM_UPS - 1):
                once()
            prepared = case, once, first
        _, once, first = prepared
        seconds = []
        for _ in range(order["repeats"]):
            began = time.perf_counter()
            once()
            seconds.append(time.perf_counter() - began)
        answer = {"seconds": seconds, "first": first, "rss": before, "peak_rss": _peak_rss()}
        print(json.dumps(answer), file=answers, flush=True)


def _prepare(side: str) -> Callable[[Case], Callable[[], object]]:
    threads = int(os.environ["NUMBA_NUM_THREADS"])
    if side == "segnet_np":
        from segnet_np.verify.bench import ours

        return ours.prepare
    import torch

    from segnet_np.verify.bench import pytorch

    torch.set_num_threads(threads)
    return lambda case: pytorch.prepare(case, channels_last=side.endswith("channels_last"))


def _rss() -> int:
    """Resident memory now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _peak_rss() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    serve(sys.argv[1])
