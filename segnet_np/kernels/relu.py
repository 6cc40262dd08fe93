"""ReLU and its gradient over flat arrays."""

from numba import njit, prange

from segnet_np.kernels.flags import FASTMATH


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def relu(x, out):
    """out = 0 where x <= 0, else x. Asked this way round, a NaN is let through."""
    zero = x.dtype.type(0)
    for p in prange(x.size):
        out[p] = zero if x[p] <= zero else x[p]


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def relu_gradient(out, dout, dx):
    """dx = 0 where the forward result out is 0, else dout."""
    zero = out.dtype.type(0)
    for p in prange(out.size):
        dx[p] = zero if out[p] <= zero else dout[p]
