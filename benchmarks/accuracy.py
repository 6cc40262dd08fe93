"""How much each algorithm rounds: float32 against float64, at 64, 256 and 512 channels.

python -m benchmarks.accuracy
"""

import numpy as np

from benchmarks.results import keep, table
from segnet_np.layers import convolve_direct, convolve_winograd
from segnet_np.layers.lazy import finished
from segnet_np.layers.workspace import Workspace

NAMES = {0: "direct", 2: "F(2x2)", 4: "F(4x4)"}
PIXELS = 24


def errors(channels: int, m: int) -> dict[str, float]:
    """Root mean square and largest error of each pass, over the root mean square of its result."""
    rng = np.random.default_rng(0)
    shapes = (1, PIXELS, PIXELS, channels), (1, PIXELS, PIXELS, channels), (channels, channels, 3, 3)
    arrays = [rng.standard_normal(shape).astype("float32") for shape in shapes]
    found = {}
    exact, got = (
        _passes(*(array.astype(dtype) for array in arrays), m_)
        for dtype, m_ in (("float64", 0), ("float32", m))
    )
    for name in exact:
        scale = np.sqrt((exact[name] ** 2).mean())
        error = (got[name] - exact[name]) / scale
        found[f"{name} rms"] = float(np.sqrt((error**2).mean()))
        found[f"{name} max"] = float(np.abs(error).max())
    return found


def _passes(x: np.ndarray, dout: np.ndarray, weight: np.ndarray, m: int) -> dict[str, np.ndarray]:
    module, options = (convolve_winograd, (m, False)) if m else (convolve_direct, ())
    zeros = [np.zeros(count, x.dtype) for count in weight.shape[:2]]
    return {
        "forward": module.correlate(Workspace(), finished(x), weight, zeros[0], 1, False, *options)[0],
        "dx": module.correlate(Workspace(), finished(dout), weight, zeros[1], 1, True, *options)[0],
        "dweight": module.weight_gradient(Workspace(), finished(x), dout, 1, 3, *options[:1]),
    }


def main() -> None:
    """Measure, keep and print."""
    rows = [
        {"channels": channels, "algorithm": name, **errors(channels, m)}
        for channels in (64, 256, 512)
        for m, name in NAMES.items()
    ]
    keep("accuracy", rows)
    head = list(rows[0])
    lines = [
        [f"{row[key]:.1e}" if isinstance(row[key], float) else str(row[key]) for key in head] for row in rows
    ]
    print(table(head, lines))


if __name__ == "__main__":
    main()
