"""The solutions of lessons 07 and 08 say what the library says: nets, metrics, optimizer."""

import numpy as np
import pytest

import segnet_np as snp
from segnet_np.lessons.exercises import confusion_matrix, count_parameters, mean_iou, sgd_momentum
from segnet_np.lessons.exercises import trip_of_the_indices as trip
from segnet_np.training.metrics import Metrics
from segnet_np.training.metrics import confusion_matrix as library_confusion


@pytest.mark.parametrize("case", trip.cases(), ids=lambda case: case.what)
def test_the_trip_is_that_of_the_nets_indices(case):
    height, width = case.arguments
    steps = snp.SegNet(width=1).trace(np.zeros((1, 3, height, width), "float32"))
    rows = [
        [k, *steps[f"indices{k}"].shape[2:], *steps[f"unpool{k}"].shape[2:]]
        for k in (5, 4, 3, 2, 1)  # as the decoder runs
    ]
    assert [name for name in steps if name.startswith("unpool")] == [f"unpool{row[0]}" for row in rows]
    np.testing.assert_array_equal(trip.solution(height, width), rows)


@pytest.mark.parametrize("case", count_parameters.cases(), ids=lambda case: case.what)
def test_parameters_are_those_of_the_net(case):
    in_channels, num_classes, width = case.arguments
    net = snp.SegNet(in_channels, num_classes, width)

    def count(layers):
        return sum(p.data.size for layer in layers for p in layer.parameters())

    encoder = count(block for stage in net.encoder for block in stage.values())
    decoder = count(block for stage in net.decoder for block in stage.values())
    assert count_parameters.solution(*case.arguments) == (encoder, decoder, count([net.classifier]))


def test_the_papers_net():
    assert sum(count_parameters.solution(3, 11, 64)) == 29_449_355


@pytest.mark.parametrize("case", mean_iou.cases(), ids=lambda case: case.what)
def test_mean_iou_is_that_of_the_metrics(case):
    assert mean_iou.solution(*case.arguments) == pytest.approx(Metrics(case.arguments[0]).mean_iou, rel=1e-12)


@pytest.mark.parametrize("case", confusion_matrix.cases(), ids=lambda case: case.what)
def test_the_confusion_matrix_is_that_of_the_metrics(case):
    np.testing.assert_array_equal(
        confusion_matrix.solution(*case.arguments), library_confusion(*case.arguments)
    )


@pytest.mark.parametrize("case", sgd_momentum.cases(), ids=lambda case: case.what)
def test_a_step_is_that_of_the_optimizer(case):
    weight, grad, velocity, lr, momentum, weight_decay = case.arguments
    p = snp.layers.Parameter(weight.copy())
    optimizer = snp.SGD([p], lr=lr, momentum=momentum, weight_decay=weight_decay)
    if momentum:  # the velocity that earlier steps left
        state = optimizer.state_dict()
        optimizer.load_state_dict({**state, "state": {"0.momentum_buffer": velocity}})
    p.grad = grad
    optimizer.step()
    moved, faster = sgd_momentum.solution(*case.arguments)
    np.testing.assert_allclose(moved, p.data, rtol=1e-12)
    if momentum:
        np.testing.assert_allclose(faster, optimizer.state_dict()["state"]["0.momentum_buffer"], rtol=1e-12)
