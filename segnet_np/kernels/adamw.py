"""One step of AdamW, in a single pass over the weights."""

import numpy as np
from numba import prange

from segnet_np.kernels.kernel import kernel, on_one_thread

# Elements a thread takes at a time. The cut depends on the size alone, so the numbers are the same for any
# count of threads.
CHUNK = 4096


@kernel
def adamw_step(weight, grad, mean, square, scalars):
    """Move `weight` in place by its running `mean` and `square` of the gradient; all arrays are flat.

    `scalars` are worked out by the caller in double precision and then given the weights' dtype: what is
    kept and what is taken in of both means, (beta1, 1 - beta1, beta2, 1 - beta2), eps,
    `decay` = 1 - lr * weight_decay, `step_size` = lr / (1 - beta1^t), `root_correction` = sqrt(1 - beta2^t).
    """
    keep1, take1, keep2, take2, eps, decay, step_size, root_correction = scalars
    for chunk in prange((weight.size + CHUNK - 1) // CHUNK):
        for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, weight.size)):
            mean[i] = keep1 * mean[i] + take1 * grad[i]
            square[i] = keep2 * square[i] + take2 * grad[i] * grad[i]
            weight[i] = decay * weight[i] - step_size * mean[i] / (np.sqrt(square[i]) / root_correction + eps)


small_adamw_step = on_one_thread(adamw_step)
