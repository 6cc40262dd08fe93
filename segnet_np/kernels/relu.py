"""ReLU and its gradient over flat arrays."""

from numba import prange

from segnet_np.kernels.kernel import kernel


@kernel
def relu(x, out):
    """out = 0 where x <= 0, else x. Asked this way round, a NaN is let through."""
    zero = x.dtype.type(0)
    for p in prange(x.size):
        out[p] = zero if x[p] <= zero else x[p]


@kernel
def relu_gradient(out, dout, dx):
    """dx = 0 where the forward result out is 0, else dout."""
    zero = out.dtype.type(0)
    for p in prange(out.size):
        dx[p] = zero if out[p] <= zero else dout[p]
