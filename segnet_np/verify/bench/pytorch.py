"""PyTorch's side, eager: from a case to a function that does it once."""

from collections.abc import Callable

import torch
from torch.nn import functional

from segnet_np.verify.bench.cases import Case, arrays_of, batch_of, build
from segnet_np.verify.twin import counterpart


def prepare(case: Case, channels_last: bool) -> Callable[[], object]:
    """Build what the case needs, in one of PyTorch's two memory formats, and return the function to time."""
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    if case.out_channels:
        return _convolution(case, memory_format)
    net = counterpart(build(case)).to(memory_format=memory_format)  # type: ignore[call-overload]
    images, targets = batch_of(case)
    x = torch.from_numpy(images).contiguous(memory_format=memory_format)
    labels = torch.from_numpy(targets)
    if case.what == "inference":
        net.eval()
        return torch.inference_mode()(lambda: net(x))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(net(x), labels).backward()
        optimizer.step()

    return step


def _convolution(case: Case, memory_format: torch.memory_format) -> Callable[[], object]:
    x, dout, weight = (
        torch.from_numpy(array).contiguous(memory_format=memory_format) for array in arrays_of(case)
    )
    padding = case.kernel_size // 2
    bias = torch.zeros(case.out_channels)
    if case.what == "forward":
        return torch.inference_mode()(lambda: functional.conv2d(x, weight, bias, padding=padding))
    wanted = [case.what == "dx", case.what == "dweight", False]
    one, zero = [1, 1], [0, 0]
    return lambda: torch.ops.aten.convolution_backward(
        dout, x, weight, [case.out_channels], one, [padding] * 2, one, False, zero, 1, wanted
    )
