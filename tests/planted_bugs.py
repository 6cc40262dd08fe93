"""This package's layers, each with one mistake in it that people make.

`PLANTED` pairs each with an input, the rows of the report that must fail, and what the first must say.
"""

import numpy as np

from segnet_np import layers


def maps(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape or (2, 3, 6, 8))


class NoXHatTerm(layers.BatchNorm2d):
    def backward(self, dout):
        inv_std = self._remembered[4]
        super().backward(dout)
        scale = (self.weight.data * inv_std)[:, None, None]
        return scale * (dout - dout.mean((0, 2, 3), keepdims=True))


class NoMeanTerm(layers.BatchNorm2d):
    def backward(self, dout):
        dx = super().backward(dout)
        inv_std = 1 / np.sqrt(self._x.var((0, 2, 3)) + self.eps)
        return dx + (self.weight.data * inv_std)[:, None, None] * dout.mean((0, 2, 3), keepdims=True)

    def forward(self, x):
        self._x = x
        return super().forward(x)


class SpoiledConv(layers.Conv2d):
    """Adds to the gradients as it should, but one of them goes through `spoil` before."""

    spoiled = "bias"

    def backward(self, dout, input_grad=True):
        parameter = getattr(self, self.spoiled)
        before, parameter.grad = parameter.grad, None
        dx = super().backward(dout, input_grad)
        gradient = self.spoil(parameter.grad, dout)
        parameter.grad = gradient if before is None else before + gradient
        return dx


class SwappedAxes(SpoiledConv):
    spoiled = "weight"

    def spoil(self, dweight, dout):
        return dweight.swapaxes(2, 3)


class SwappedChannels(SpoiledConv):
    spoiled = "weight"

    def spoil(self, dweight, dout):
        return dweight.swapaxes(0, 1)


class WrongScatter(layers.MaxPool2d):
    def backward(self, dout):
        dx = super().backward(dout)
        return np.roll(dx, 1, axis=3)


class WrongGather(layers.MaxUnpool2d):
    def backward(self, dout):
        return super().backward(np.ascontiguousarray(dout[:, ::-1]))


class ForgottenSum(SpoiledConv):
    def spoil(self, dbias, dout):
        return dout.sum((2, 3))


class ForgottenBatch(SpoiledConv):
    def spoil(self, dbias, dout):
        return dout[0].sum((1, 2))


class TieToBoth(layers.MaxPool2d):
    def forward(self, x):
        self._x = x
        self._y, indices = super().forward(x)
        return self._y, indices

    def backward(self, dout):
        super().backward(dout)
        repeat = [np.repeat(np.repeat(a, 2, 2), 2, 3) for a in (self._y, dout)]
        return (self._x == repeat[0]) * repeat[1]


class TieToTheLast(layers.MaxPool2d):
    def forward(self, x):
        y, indices = super().forward(np.ascontiguousarray(x[:, :, ::-1, ::-1]))
        return np.ascontiguousarray(y[:, :, ::-1, ::-1]), indices

    def backward(self, dout):
        return super().backward(np.ascontiguousarray(dout[:, :, ::-1, ::-1]))[:, :, ::-1, ::-1]


class StaleCache(layers.Conv2d):
    def forward(self, x):
        out = super().forward(x)
        self._first = getattr(self, "_first", self._remembered)
        self._remembered = self._first
        return out


class OneForwardLate(layers.ReLU):
    def forward(self, x):
        out = super().forward(x)
        self._before, self._remembered = self._remembered, getattr(self, "_before", self._remembered)
        return out


class UnturnedKernel(layers.Conv2d):
    def backward(self, dout, input_grad=True):
        turned = np.ascontiguousarray(self.weight.data[:, :, ::-1, ::-1])
        self.weight.data, kept = turned, self.weight.data
        dx = super().backward(dout, input_grad)
        self.weight.data = kept
        return dx


class MeanForSum(SpoiledConv):
    def spoil(self, dbias, dout):
        return dout.mean((0, 2, 3))


class NoPadding(layers.Conv2d):
    def backward(self, dout, input_grad=True):
        dx = super().backward(dout, input_grad).copy()
        dx[:, :, 0] = 0
        dx[:, :, -1] = 0
        return dx


class Overwrites(layers.Conv2d):
    def backward(self, dout, input_grad=True):
        self.zero_grad()
        return super().backward(dout, input_grad)


class ReversedMask(layers.ReLU):
    def forward(self, x):
        self._x = x
        return super().forward(x)

    def backward(self, dout):
        super().backward(dout)
        return dout * (self._x < 0)


CONV = {"in_channels": 3, "out_channels": 5, "kernel_size": 3, "padding": 1}
EVEN = maps(2, 3, 4, 6)

PLANTED = [
    (NoXHatTerm(3), maps(), ["input"], "proportional to x_hat along axes 0, 2, 3 is missing"),
    (NoMeanTerm(3), maps(), ["input"], "constant along axes 0, 2, 3 is missing"),
    (SwappedAxes(**CONV), maps(), ["weight"], "swapped axes (right after transpose(0, 1, 3, 2))"),
    (SwappedChannels(**CONV), maps(), ["weight"], "right after transpose(1, 0, 2, 3): swapped axes"),
    (WrongScatter(), EVEN, ["input", "ties"], "wrong scatter"),
    (WrongGather(), (maps(2, 3, 2, 3), layers.MaxPool2d()(EVEN)[1]), ["input"], "wrong scatter or gather"),
    (ForgottenSum(**CONV), maps(), ["bias"], "summed over axis 0 it would be right: a forgotten sum"),
    (
        ForgottenBatch(**CONV),
        maps(),
        ["bias"],
        "a forgotten sum: of dout only one entry is taken along axis 0",
    ),
    (TieToBoth(), EVEN, ["ties"], "do not add up to one upstream gradient: a wrong tie"),
    (TieToTheLast(), EVEN, ["ties"], "a wrong tie: "),
    (StaleCache(**CONV), maps(), ["weight"], "of an earlier forward: a stale cache"),
    (OneForwardLate(), maps(), ["calls"], "a stale cache"),
    (UnturnedKernel(**CONV), maps(), ["input"], "right if weight were turned by 180 degrees in it"),
    (
        MeanForSum(**CONV),
        maps(),
        ["bias"],
        "factor 96 (= 2 * 6 * 8, axes 0, 2, 3 of the output): a mean where",
    ),
    (NoPadding(**CONV), maps(), ["input"], "on the border of the map: look at the padding"),
    (Overwrites(**CONV), maps(), ["calls"], "writes over the gradient of weight, bias; expected: it adds"),
    (ReversedMask(), maps(), ["input"], "a wrong mask"),
]
