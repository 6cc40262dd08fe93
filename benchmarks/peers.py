"""Two more peers: `torch.compile`, and ONNX Runtime for inference where it is installed.

    python -m benchmarks.peers

Each turn is a process of its own: ours, the peer, ours, the peer. A graph for ONNX Runtime is put together
from the net's layers, because PyTorch's exporter knows no unpooling.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numba
import numpy as np

from benchmarks.results import keep, table
from segnet_np.layers import BatchNorm2d, Conv2d, MaxPool2d, MaxUnpool2d, ReLU
from segnet_np.models.net import Net
from segnet_np.verify.bench import ours
from segnet_np.verify.bench.cases import Case, batch_of, build
from segnet_np.verify.bench.in_turn import environment
from segnet_np.verify.bench.verified import verify_convolutions

COMPILED, ONNX = "torch.compile", "ONNX Runtime"
CASES = {
    COMPILED: [Case("train", 8, 64, 64, 64), Case("train", 8, 96, 96, 64)],
    ONNX: [Case("inference", 8, 96, 96, 64), Case("inference", 1, 352, 480, 64)],
}
TURNS, REPEATS = 2, 7


def compiled(case: Case) -> Callable[[], Any]:
    """PyTorch's training step, compiled."""
    import torch
    from torch.nn import functional

    from segnet_np.verify.twin import counterpart

    torch.set_num_threads(int(os.environ["NUMBA_NUM_THREADS"]))
    module = counterpart(build(case)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    net = torch.compile(module)
    images, targets = batch_of(case)
    x = torch.from_numpy(images).contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(targets)
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(net(x), labels).backward()
        optimizer.step()

    return step


def onnx_graph(net: Net, shape: tuple[int, ...]) -> Any:
    """The net in evaluation mode as an ONNX model for inputs of one shape."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, sizes, value = [], [], [], "x"
    height, width = shape[2:]

    def constant(name: str, array: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(kind: str, name: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        nodes.append(helper.make_node(kind, inputs, outputs, name=name, **attributes))

    channels = shape[1]
    for name, layer in net.children().items():
        if isinstance(layer, Conv2d):
            weight = constant(f"{name}.weight", layer.weight.data)
            bias = constant(f"{name}.bias", layer.bias.data)  # type: ignore[union-attr]
            add("Conv", name, [value, weight, bias], [name], pads=[layer.padding] * 4)
            channels = layer.out_channels
        elif isinstance(layer, BatchNorm2d):
            arrays = layer.weight.data, layer.bias.data, layer.running_mean, layer.running_var
            names = [constant(f"{name}.{k}", array) for k, array in enumerate(arrays)]
            add("BatchNormalization", name, [value, *names], [name], epsilon=layer.eps)
        elif isinstance(layer, ReLU):
            add("Relu", name, [value], [name])
        elif isinstance(layer, MaxPool2d):
            sizes.append((height, width))
            height, width = height // 2, width // 2
            outputs = [name, name.replace("pool", "indices")]
            add("MaxPool", name, [value], outputs, kernel_shape=[2, 2], strides=[2, 2])
        elif isinstance(layer, MaxUnpool2d):
            height, width = sizes.pop()
            size = constant(f"{name}.size", np.array([shape[0], channels, height, width]))
            indices = name.replace("unpool", "indices")
            add("MaxUnpool", name, [value, indices, size], [name], kernel_shape=[2, 2], strides=[2, 2])
        value = name
    described = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, None)] for name in ("x", value)]
    graph = helper.make_graph(nodes, "segnet", *described, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def onnx_runtime(case: Case) -> Callable[[], Any]:
    """ONNX Runtime's inference."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["NUMBA_NUM_THREADS"])
    x, _ = batch_of(case)
    model = onnx_graph(build(case).eval(), x.shape).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x})[0]


SIDES = {"segnet_np": ours.prepare, COMPILED: compiled, ONNX: onnx_runtime}


def verify_onnx() -> float:
    """Compare on a small net, where no near-tie in a pooling window is decided otherwise."""
    case = Case("inference", 2, 64, 96, 8)
    result, expected = onnx_runtime(case)(), ours.prepare(case)()
    error = float(np.linalg.norm(result - expected) / np.linalg.norm(expected))
    if not error < 1e-4:
        raise RuntimeError(f"ONNX Runtime differs by {error:.1e}")
    return error


def time_once(side: str, case: Case) -> dict[str, Any]:
    """In this process: seconds until the first result, and the median of those after it."""
    if side == ONNX:
        print(f"ONNX Runtime's graph differs by {verify_onnx():.0e}")
    began = time.perf_counter()
    once = SIDES[side](case)
    once()
    first = time.perf_counter() - began
    once()
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        once()
        seconds.append(time.perf_counter() - began)
    return {"first": first, "median": float(np.median(seconds))}


def main() -> None:
    """Measure in turn, keep and print."""
    rows = []
    for case in CASES[COMPILED]:
        print(verify_convolutions(case), flush=True)
    for peer, cases in CASES.items():
        if peer == ONNX and not (find_spec("onnxruntime") and find_spec("onnx")):
            print("ONNX Runtime is not installed: pip install onnx onnxruntime")
            continue
        for case in cases:
            found: dict[str, list[dict[str, float]]] = {"segnet_np": [], peer: []}
            for _ in range(TURNS):
                for side, turns in found.items():
                    turns.append(_in_process(side, case))
            own, other = (float(np.median([turn["median"] for turn in turns])) for turns in found.values())
            first = float(np.median([turn["first"] for turn in found[peer]]))
            rows.append({"name": case.name, "peer": peer, "ours": own, "theirs": other, "first": first})
            print(rows[-1], flush=True)
    keep("peers", rows)
    head = ["what", "peer", "segnet_np, ms", "peer, ms", "ratio", "peer's first, s"]
    lines = []
    for row in rows:
        ratio = row["ours"] / row["theirs"]
        figures = (
            f"{1e3 * row['ours']:.0f}",
            f"{1e3 * row['theirs']:.0f}",
            f"{ratio:.2f}",
            f"{row['first']:.1f}",
        )
        lines.append([row["name"], row["peer"], *figures])
    print(table(head, lines))


def _in_process(side: str, case: Case) -> dict[str, float]:
    serve = "import sys; from benchmarks.peers import serve; serve(*sys.argv[1:])"
    # PyTorch's OpenMP reads its environment when it is loaded, so it is imported before this package.
    program = f"import torch; {serve}" if side == COMPILED else serve
    done = subprocess.run(
        [sys.executable, "-c", program, side, json.dumps(case.as_dict())],
        env=environment(numba.get_num_threads()),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def serve(side: str, case: str) -> None:
    """Answer `_in_process`, in the process that it started."""
    print(json.dumps(time_once(side, Case(**json.loads(case)))))


if __name__ == "__main__":
    main()
