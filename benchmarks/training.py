"""Does Winograd's rounding harm training? 200 steps on the scenes with it and with direct convolution.

python -m benchmarks.training
"""

from dataclasses import replace
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from benchmarks.results import keep, table
from segnet_np.layers import Conv2d
from segnet_np.layers.softmax_cross_entropy import softmax_cross_entropy
from segnet_np.training.config import Config
from segnet_np.training.recipe import read_recipe
from segnet_np.training.setup import prepare

SEEDS, STEPS, LAST = 4, 200, 20


def final_loss(seed: int, algorithm: str) -> float:
    """The mean loss of the last steps."""
    demo = Config(**read_recipe("scenes", photographs=False))
    setup = prepare(replace(demo, seed=seed, class_weights="none"))
    for layer in setup.net.children().values():
        if isinstance(layer, Conv2d) and layer.kernel_size >= 3:
            layer.algorithm = algorithm
    losses = []
    for step in tqdm(range(STEPS), desc=f"seed {seed}, {algorithm}", leave=False):
        images, labels = setup.batches.draw(step)
        setup.optimizer.zero_grad()
        loss, dlogits = softmax_cross_entropy(
            setup.net(setup.net.normalise(images)), labels, None, setup.held_out.classes.ignore_index
        )
        setup.net.backward(dlogits, input_grad=False)
        setup.optimizer.step()
        losses.append(loss)
    return float(np.mean(losses[-LAST:]))


def main() -> None:
    """Train, keep and print."""
    rows: list[dict[str, Any]] = []
    for seed in range(SEEDS):
        rows.append({"seed": seed, **{name: final_loss(seed, name) for name in ("direct", "winograd")}})
    spread = float(np.std([row["direct"] for row in rows], ddof=1))
    differences = [abs(row["direct"] - row["winograd"]) for row in rows]
    keep("training", {"rows": rows, "spread": spread, "differences": differences})
    print(
        table(
            ["seed", "direct", "winograd"],
            [[str(r["seed"]), f"{r['direct']:.4f}", f"{r['winograd']:.4f}"] for r in rows],
        )
    )
    print(f"differences up to {max(differences):.4f}; standard deviation between seeds {spread:.4f}")


if __name__ == "__main__":
    main()
