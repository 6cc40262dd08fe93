"""This package's side: from a case to a function that does it once."""

from collections.abc import Callable

import numpy as np

from segnet_np.layers.convolve import correlate, weight_gradient
from segnet_np.layers.layout import to_nhwc
from segnet_np.layers.lazy import finished
from segnet_np.layers.softmax_cross_entropy import softmax_cross_entropy
from segnet_np.layers.workspace import Workspace
from segnet_np.training.sgd import SGD
from segnet_np.verify.bench.cases import Case, arrays_of, batch_of, build


def prepare(case: Case, algorithm: str = "auto") -> Callable[[], object]:
    """Build what the case needs, and return the function to time."""
    if case.out_channels:
        return _convolution(case, algorithm)
    net = build(case)
    x, labels = batch_of(case)
    if case.what == "inference":
        net.eval()
        return lambda: net(x)
    optimizer = SGD(net.parameters(), lr=1e-3, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        _, dlogits = softmax_cross_entropy(net(x), labels)
        net.backward(dlogits, input_grad=False)
        optimizer.step()

    return step


def _convolution(case: Case, algorithm: str) -> Callable[[], object]:
    x, dout, weight = arrays_of(case)
    x, dout, size = to_nhwc(x), to_nhwc(dout), case.kernel_size
    workspace, padding = Workspace(), size // 2
    if case.what == "dweight":
        return lambda: weight_gradient(workspace, finished(x), dout, padding, size, algorithm)
    adjoint = case.what == "dx"
    maps = finished(dout if adjoint else x)
    bias = np.zeros(case.channels if adjoint else case.out_channels, "float32")
    return lambda: correlate(workspace, maps, weight, bias, padding, algorithm, adjoint)[0]
