"""Batch norm's statistics over a whole pass: those of each layer's input, as NumPy has them."""

import numpy as np

import segnet_np as snp
from segnet_np.data import Batches, Changes, Scenes
from segnet_np.training.statistics import estimate_statistics


def test_they_are_the_means_over_all_batches():
    net, plain = (snp.SegNetBasic(width=3, kernel_size=3, dtype="float64", dropout=p) for p in (0.5, 0))
    batches = Batches(Scenes(5, size=(32, 32)), batch=2, crop=32, seed=0, changes=Changes(light=0.3))
    first = net.encoder[0]["1"]
    first.bn.running_mean[...], first.bn.running_var[...] = 77, 99  # forgotten
    kernel = first.conv.weight.data.copy()
    estimate_statistics(net, batches)
    # Three batches make an epoch of five. The first layer sees the pictures themselves.
    seen = [first.conv.forward(net.normalise(batches.draw(k)[0])) for k in range(3)]
    np.testing.assert_allclose(
        first.bn.running_mean, np.mean([y.mean((0, 2, 3)) for y in seen], 0), rtol=1e-12
    )
    expected = np.mean([y.var((0, 2, 3), ddof=1) for y in seen], axis=0)
    np.testing.assert_allclose(first.bn.running_var, expected, rtol=1e-12)
    np.testing.assert_array_equal(first.conv.weight.data, kernel)
    estimate_statistics(plain, batches)  # nothing is dropped while they are estimated
    for name, array in plain.state_dict().items():
        np.testing.assert_array_equal(net.state_dict()[name], array, err_msg=name)


def test_the_net_is_left_in_evaluation_mode_with_its_momentum():
    net = snp.SegNet(width=2)
    momentum = [block.bn.momentum for stage in net.encoder for block in stage.values()]
    estimate_statistics(net, Batches(Scenes(2, size=(32, 32)), batch=2, crop=32, seed=0))
    blocks = [block for stage in [*net.encoder, *net.decoder] for block in stage.values()]
    assert not net.training
    assert not any(block.bn.training for block in blocks)
    assert [block.bn.momentum for stage in net.encoder for block in stage.values()] == momentum
