"""Batch norm over all pixels of a batch; x is (pixels, C), the statistics are vectors of C numbers."""

from numba import prange

from segnet_np.kernels.kernel import kernel


@kernel
def squared_deviations(x, mean, partial):
    """partial[chunk, c] = sum of (x - mean)**2 over the chunk's pixels.

    A second pass over x. The one-pass formula E[x**2] - E[x]**2 subtracts two nearly equal numbers when the
    mean is large, and may even go below zero.
    """
    pixels, channels = x.shape
    chunks = partial.shape[0]
    for chunk in prange(chunks):
        total = partial[chunk]
        total[:] = 0
        for p in range(chunk * pixels // chunks, (chunk + 1) * pixels // chunks):
            for c in range(channels):
                deviation = x[p, c] - mean[c]
                total[c] += deviation * deviation


@kernel
def normalise(x, mean, scale, bias, out):
    """out = (x - mean) * scale + bias, all of one dtype. Subtracting first keeps small deviations exact."""
    pixels, channels = x.shape
    for p in prange(pixels):
        for c in range(channels):
            out[p, c] = (x[p, c] - mean[c]) * scale[c] + bias[c]


@kernel
def gradient_sums(x, dout, mean, inv_std, partial_dbias, partial_dweight):
    """partial_dbias[chunk, c] = sum of dout, partial_dweight[chunk, c] = sum of dout * x_hat."""
    pixels, channels = x.shape
    chunks = partial_dbias.shape[0]
    for chunk in prange(chunks):
        total = partial_dbias[chunk]
        total_x_hat = partial_dweight[chunk]
        total[:] = 0
        total_x_hat[:] = 0
        for p in range(chunk * pixels // chunks, (chunk + 1) * pixels // chunks):
            for c in range(channels):
                x_hat = (x[p, c] - mean[c]) * inv_std[c]
                total[c] += dout[p, c]
                total_x_hat[c] += dout[p, c] * x_hat


@kernel
def input_gradient(x, dout, mean, inv_std, scale, mean_dout, mean_dout_x_hat, dx):
    """dx = scale * (dout - mean(dout) - x_hat * mean(dout * x_hat)); the vectors are of x's dtype."""
    pixels, channels = x.shape
    for p in prange(pixels):
        for c in range(channels):  # docs/derivations/batch_norm.md (17)
            x_hat = (x[p, c] - mean[c]) * inv_std[c]
            dx[p, c] = scale[c] * (dout[p, c] - mean_dout[c] - x_hat * mean_dout_x_hat[c])
