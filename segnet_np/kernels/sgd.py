"""One step of stochastic gradient descent, in a single pass over the weights."""

from numba import prange

from segnet_np.kernels.kernel import kernel, on_one_thread

# Elements a thread takes at a time. The cut depends on the size alone, so the numbers are the same for any
# count of threads.
CHUNK = 4096


@kernel
def sgd_step(weight, grad, velocity, lr, momentum, intake, weight_decay, nesterov):
    """Move `weight` against `grad` in place; all arrays are flat. Without momentum `velocity` is not used.

    `intake` is 1 - dampening. It comes ready-made, like all scalars in the weights' own dtype: `1 - x` in
    here would be of double precision, and so would then be the loop.
    """
    for chunk in prange((weight.size + CHUNK - 1) // CHUNK):
        start = chunk * CHUNK
        stop = min(start + CHUNK, weight.size)
        if momentum == 0:
            for i in range(start, stop):
                weight[i] -= lr * (grad[i] + weight_decay * weight[i])
        elif nesterov:
            for i in range(start, stop):
                direction = grad[i] + weight_decay * weight[i]
                velocity[i] = momentum * velocity[i] + intake * direction
                weight[i] -= lr * (direction + momentum * velocity[i])
        else:
            for i in range(start, stop):
                direction = grad[i] + weight_decay * weight[i]
                velocity[i] = momentum * velocity[i] + intake * direction
                weight[i] -= lr * velocity[i]


small_sgd_step = on_one_thread(sgd_step)
