"""Batch norm: bring each channel to mean 0 and variance 1 over the batch, then scale and shift it.

Forward, for each channel, over its M = N * H * W values:

    mean  = sum(x) / M
    var   = sum((x - mean)**2) / M
    x_hat = (x - mean) / sqrt(var + eps)
    out   = weight * x_hat + bias

Backward. `weight` and `bias` are easy. x acts in three ways: directly, through the mean, and through the
variance. Collected (Ioffe and Szegedy, arXiv 1502.03167, section 3), the last two become one subtracted mean
each:

    dbias   = sum(dout)
    dweight = sum(dout * x_hat)
    dx      = weight / sqrt(var + eps) * (dout - dbias / M - x_hat * dweight / M)

So dx has neither a mean nor any part along x_hat: those two directions are what normalising takes away.

In evaluation mode mean and var are fixed numbers, gathered while training, and only the direct way is left.
"""

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.kernels import batch_norm as kernels
from segnet_np.kernels.channel_sum import channel_sum, partial_sums
from segnet_np.layers.base import Layer, Parameter
from segnet_np.layers.checks import check_count, check_maps, check_number, check_replaced, float_dtype
from segnet_np.layers.layout import to_nchw, to_nhwc


class BatchNorm2d(Layer):
    """Batch normalisation over the pixels of a batch, channel by channel.

    Parameters
    ----------
    num_features : int
        Number of channels C.
    eps : float, default 1e-5
        Added to the variance, so that a constant channel is not divided by zero.
    momentum : float, default 0.1
        How much of the new value goes into the running statistics: ``running = (1 - momentum) * running +
        momentum * new``.
    dtype : dtype-like, default "float32"
        float32 or float64.
    seed : object
        Accepted like in all layers with parameters; nothing is drawn here.

    Raises
    ------
    TypeError
        If `num_features` is no whole number, `eps` or `momentum` no number, or `dtype` another one.
    ValueError
        If `num_features` is below 1, `eps` negative, or `momentum` not from 0 to 1.

    Attributes
    ----------
    weight, bias : Parameter, shape (C,)
        Scale and shift, ones and zeros at first (gamma and beta in the paper).
    running_mean, running_var : ndarray, shape (C,)
        Statistics for evaluation mode; the variance is the unbiased one, divided by M - 1.
    num_batches_tracked : ndarray of int64, shape ()
        How many batches went into them.

    Examples
    --------
    >>> bn = BatchNorm2d(3)
    >>> bn(np.random.default_rng(0).normal(5, 2, (2, 3, 6, 8)).astype("float32")).mean().round(3)
    np.float32(0.0)
    """

    parameter_names = ("weight", "bias")

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: DTypeLike = "float32",
        seed: object = 0,
    ) -> None:
        super().__init__()
        self.num_features = check_count("BatchNorm2d", "num_features", num_features, 1)
        self.eps = check_number("BatchNorm2d", "eps", eps)
        self.momentum = check_number("BatchNorm2d", "momentum", momentum, most=1)
        self.dtype = float_dtype("BatchNorm2d", dtype)
        self.weight = Parameter(np.ones(num_features, self.dtype))
        self.bias = Parameter(np.zeros(num_features, self.dtype))
        self.running_mean = np.zeros(num_features, self.dtype)
        self.running_var = np.ones(num_features, self.dtype)
        self.num_batches_tracked = np.zeros((), np.int64)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Normalise, scale and shift x.

        In training mode with the statistics of this batch, which also move the running ones; in evaluation
        mode with the running ones.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)

        Returns
        -------
        out : ndarray, shape (N, C, H, W)

        Raises
        ------
        TypeError, ValueError
            If x is no array of the layer's dtype and channels, or in training has a single value per channel,
            which normalising would turn into zero whatever it was.
        """
        check_maps("BatchNorm2d", "x", x, self.num_features, self.dtype)
        x = to_nhwc(x)
        pixels = x.reshape(-1, self.num_features)
        mean, inv_std = self.statistics(pixels)
        scale = self.weight.data * inv_std
        out = self.workspace.empty(x.shape, self.dtype)
        kernels.normalise(
            pixels, *self._narrow(mean, scale, self.bias.data), out.reshape(-1, self.num_features)
        )
        self.remember(to_nchw(x).shape, self.dtype, x, mean, inv_std, self.training)
        return to_nchw(out)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Add to the gradients of weight and bias, and return the gradient of x.

        Parameters
        ----------
        dout : ndarray, shape (N, C, H, W)
            Gradient of the loss with respect to what `forward` returned.

        Returns
        -------
        dx : ndarray, shape (N, C, H, W)

        Raises
        ------
        RuntimeError
            If no forward came before.
        TypeError, ValueError
            If dout does not fit what `forward` returned.
        """
        x, mean, inv_std, trained = self.recall(dout)
        dout = to_nhwc(dout)
        pixels, dpixels = (a.reshape(-1, self.num_features) for a in (x, dout))
        mean_, inv_std_ = self._narrow(mean, inv_std)

        # forward was: out = weight * x_hat + bias; docs/derivations/batch_norm.md (7), (8)
        partial_dbias, partial_dweight = partial_sums(*pixels.shape), partial_sums(*pixels.shape)
        kernels.gradient_sums(pixels, dpixels, mean_, inv_std_, partial_dbias, partial_dweight)
        dbias, dweight = partial_dbias.sum(axis=0), partial_dweight.sum(axis=0)
        self.bias.add_gradient(dbias.astype(self.dtype))
        self.weight.add_gradient(dweight.astype(self.dtype))

        # forward was: x_hat = (x - mean) * inv_std, where in training mean and inv_std came from x too;
        # docs/derivations/batch_norm.md (17), (20)
        count = len(pixels) if trained else np.inf  # fixed statistics: the two means drop out
        scale = self.weight.data * inv_std
        dx = self.workspace.empty(x.shape, self.dtype)
        kernels.input_gradient(
            pixels,
            dpixels,
            mean_,
            inv_std_,
            *self._narrow(scale, dbias / count, dweight / count),
            dx.reshape(-1, self.num_features),
        )
        return to_nchw(dx)

    def statistics(
        self, pixels: np.ndarray, moments: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and 1 / sqrt(var + eps) of each channel of pixels (M, C), in float64.

        In training mode of these pixels, which also move the running statistics; else the running ones. Where
        the `moments` of blocks of pixels are known (:func:`segnet_np.layers.convolve.correlate`), they are
        put together instead of going over the pixels.
        """
        for name, parameter in self.named_parameters():
            check_replaced("BatchNorm2d", name, parameter.data, (self.num_features,), self.dtype)
        if not self.training:
            mean, var = self.running_mean.astype(float), self.running_var.astype(float)
            return mean, 1 / np.sqrt(var + self.eps)
        count = len(pixels)
        if count < 2:
            raise ValueError(
                "BatchNorm2d: training needs more than one value per channel, but a single one "
                f"(N = H = W = 1, {self.num_features} channels) was given"
            )
        if moments is None:
            partial = partial_sums(*pixels.shape)
            channel_sum(pixels, partial)
            mean = partial.sum(axis=0) / count
            kernels.squared_deviations(pixels, mean, partial)
            squares = partial.sum(axis=0)
        else:
            # To the deviations from a block's own mean comes the distance of that from the mean of all (Chan,
            # Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
            # 1979; docs/derivations/batch_norm.md (21)).
            counts, means, squares_within = moments.transpose(1, 0, 2)
            mean = (counts * means).sum(axis=0) / count
            squares = (squares_within + counts * (means - mean) ** 2).sum(axis=0)
        for running, new in ((self.running_mean, mean), (self.running_var, squares / (count - 1))):
            running *= 1 - self.momentum
            running += self.momentum * new
        self.num_batches_tracked += 1
        return mean, 1 / np.sqrt(squares / count + self.eps)

    def _narrow(self, *vectors: np.ndarray) -> list[np.ndarray]:
        """Bring float64 statistics to the layer's dtype, for the kernels that go over every pixel."""
        return [vector.astype(self.dtype) for vector in vectors]

    def __repr__(self) -> str:
        return f"BatchNorm2d({self.num_features}, eps={self.eps}, momentum={self.momentum})"
