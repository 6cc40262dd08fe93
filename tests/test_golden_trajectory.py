"""Ten steps of SGD from the same weights on the same batches: losses and weights equal PyTorch's."""

import numpy as np
import pytest
import torch
from comparing import assert_close
from torch.nn import functional

import segnet_np as snp
from segnet_np.verify import twin


@pytest.mark.parametrize("model", [snp.SegNet, snp.SegNetBasic])
def test_ten_steps(model):
    rng = np.random.default_rng(0)
    images = rng.standard_normal((10, 2, 3, 33, 46))
    labels = rng.integers(0, 6, (10, 2, 33, 46))  # 5 is ignored
    weights = rng.uniform(0.5, 2, 5)
    settings = {"lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4}

    net = model(3, 5, width=4, dtype="float64")
    module = twin.counterpart(net)
    ours, theirs = snp.SGD(net.parameters(), **settings), torch.optim.SGD(module.parameters(), **settings)
    losses, expected = [], []
    for x, y in zip(images, labels, strict=True):
        loss, dlogits = snp.softmax_cross_entropy(net(x), y, weights, ignore_index=5)
        ours.zero_grad()
        net.backward(dlogits, input_grad=False)
        ours.step()
        losses.append(loss)

        tloss = functional.cross_entropy(
            module(torch.tensor(x)), torch.tensor(y), torch.tensor(weights), ignore_index=5
        )
        theirs.zero_grad()
        tloss.backward()
        theirs.step()
        expected.append(tloss.item())

    assert losses[-1] < losses[0]
    assert losses == pytest.approx(expected, rel=1e-6)
    state = {name: value.numpy() for name, value in module.state_dict().items()}
    for name, value in net.state_dict().items():
        layer, kind = name.split(".")
        if kind == "bias" and layer.startswith("conv") and layer != net.classifier_name:
            # In front of a batch norm a bias has no gradient but rounding, and stays at its zero.
            assert np.abs(value).max() < 1e-12, name
        else:
            assert_close(value, state[name], 1e-6, name)
