"""A process that times one side's cases on demand: a line of JSON in, a line of JSON out.

{"case": {...}, "repeats": 3}    ->    [0.101, 0.099, 0.103]    seconds
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable

from segnet_np.verify.bench.cases import Case

SIDES = ("segnet_np", "PyTorch", "PyTorch channels_last")
WARM_UPS = 2


def serve(side: str) -> None:
    """Answer until the input ends. Ctrl-C is for the parent, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare = preparer(side)
    answers = os.fdopen(os.dup(1), "w")  # alone on the real stdout, whatever a library may print there
    os.dup2(2, 1)
    prepared: tuple[Case, Callable[[], object]] | None = None
    for line in sys.stdin:
        order = json.loads(line)
        case = Case(**order["case"])
        if prepared is None or prepared[0] != case:
            prepared = None  # lets go of the last case's memory before the next one takes its own
            prepared = case, prepare(case)
            for _ in range(WARM_UPS):
                prepared[1]()
        once, seconds = prepared[1], []
        for _ in range(order["repeats"]):
            began = time.perf_counter()
            once()
            seconds.append(time.perf_counter() - began)
        print(json.dumps(seconds), file=answers, flush=True)


def preparer(side: str) -> Callable[[Case], Callable[[], object]]:
    """Import a side, set its threads, and return what prepares its cases.

    Parameters
    ----------
    side : str
        One of `SIDES`.

    Returns
    -------
    prepare : callable
        From a case to the function to time.
    """
    threads = int(os.environ["NUMBA_NUM_THREADS"])
    if side == "segnet_np":
        from segnet_np.verify.bench import ours

        return ours.prepare
    import torch

    from segnet_np.verify.bench import pytorch

    torch.set_num_threads(threads)
    return lambda case: pytorch.prepare(case, channels_last=side.endswith("channels_last"))
