"""The story of each step: one convolution from plain loops to Winograd, then a whole net, unfused and fused.

python -m benchmarks.story
"""

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import njit, prange

from benchmarks.results import keep, table
from segnet_np.kernels.flags import FASTMATH
from segnet_np.layers import ReLU
from segnet_np.layers.layout import to_nhwc
from segnet_np.layers.softmax_cross_entropy import softmax_cross_entropy
from segnet_np.training.sgd import SGD
from segnet_np.verify.bench import ours
from segnet_np.verify.bench.cases import Case, arrays_of, batch_of, build
from segnet_np.verify.threads import using_threads

CONVOLUTION = Case("forward", 8, 48, 48, 64, out_channels=64)
NET = Case("train", 8, 96, 96, 64)
TURNS = 5


def _loops(x: Any, weight: Any, out: Any) -> None:
    """out (N, H, W, O) from x (N, H, W, C) and weight (3, 3, C, O), padding 1, as anybody would write it."""
    batch, height, width, out_channels = out.shape
    channels = x.shape[3]
    for row in prange(batch * height):
        n = row // height
        i = row % height
        for j in range(width):
            for o in range(out_channels):
                out[n, i, j, o] = 0
            for ki in range(3):
                for kj in range(3):
                    if 0 <= i + ki - 1 < height and 0 <= j + kj - 1 < width:
                        for c in range(channels):
                            value = x[n, i + ki - 1, j + kj - 1, c]
                            for o in range(out_channels):
                                out[n, i, j, o] += value * weight[ki, kj, c, o]


class PlainReLU(ReLU):
    """A ReLU of one's own: blocks that hold it compute their three layers one after the other."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """As ReLU."""
        return super().forward(x)


def convolutions() -> dict[str, Callable[[], Any]]:
    """The same convolution in several ways, all of the same result."""
    x, _, weight = arrays_of(CONVOLUTION)
    x, weight = np.ascontiguousarray(to_nhwc(x)), np.ascontiguousarray(weight.transpose(2, 3, 1, 0))
    out = np.empty((*x.shape[:3], weight.shape[3]), "float32")
    one, many = njit(fastmath=FASTMATH)(_loops), njit(parallel=True, fastmath=FASTMATH)(_loops)

    def run(kernel: Callable[..., None]) -> np.ndarray:
        kernel(x, weight, out)
        return out

    direct, winograd = (ours.prepare(CONVOLUTION, algorithm) for algorithm in ("direct", "winograd"))

    def on_one() -> Any:
        with using_threads(1):
            return direct()

    return {
        "plain Numba loops, one thread": lambda: run(one),
        "the same on two threads": lambda: run(many),
        "micro-kernel in vectors, one thread": on_one,
        "micro-kernel in vectors, two threads": direct,
        "Winograd F(4x4)": winograd,
    }


def nets() -> dict[str, Callable[[], Any]]:
    """A training step whose blocks compute their layers in turn, and the fused one."""

    def step_of(fused: bool) -> Callable[[], Any]:
        net = build(NET)
        if not fused:
            for stage in [*net.encoder, *net.decoder]:  # type: ignore[attr-defined]
                for block in stage.values():
                    block.relu = PlainReLU()
            net.train()
        x, labels = batch_of(NET)
        optimizer = SGD(net.parameters(), lr=1e-3, momentum=0.9)

        def step() -> np.ndarray:
            optimizer.zero_grad()
            logits = net(x)
            net.backward(softmax_cross_entropy(logits, labels)[1], input_grad=False)
            optimizer.step()
            return logits

        return step

    return {"step, layers in turn": step_of(False), "step, fused": step_of(True)}


def time_in_turn(ways: dict[str, Callable[[], Any]], tolerance: float) -> list[dict[str, Any]]:
    """Check that all give the same, then time them in turn; the median of the turns."""
    results = [np.array(way()) for way in ways.values()]
    for name, result in zip(ways, results, strict=True):
        error = np.linalg.norm(result - results[-1]) / np.linalg.norm(results[-1])
        if not error <= tolerance:
            raise RuntimeError(f"{name}: differs by {error:.1e}")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    return [{"name": name, "milliseconds": 1e3 * float(np.median(times))} for name, times in seconds.items()]


def main() -> None:
    """Measure, keep and print."""
    rows = time_in_turn(convolutions(), 1e-5)
    for row in rows:
        row["gflops"] = CONVOLUTION.gflop / row["milliseconds"] * 1e3
    # Whole nets in float32 differ where a near-tie in a pooling window is decided otherwise.
    rows += time_in_turn(nets(), 1e-1)
    keep("story", {"threads": numba.get_num_threads(), "steps": rows})
    # Each step against the one that it improves: vectors and threads each against plain loops on one thread.
    base = [None, 0, 0, 1, 3, None, 5]
    lines = []
    for row, compared in zip(rows, base, strict=True):
        gain = "" if compared is None else f"{rows[compared]['milliseconds'] / row['milliseconds']:.1f}"
        speed = f"{row['gflops']:.0f}" if "gflops" in row else ""
        over = "" if compared is None else rows[compared]["name"]
        lines.append([row["name"], f"{row['milliseconds']:.1f}", speed, gain, over])
    print(table(["step", "ms", "GFLOP/s", "times faster than", "this"], lines))


if __name__ == "__main__":
    main()
