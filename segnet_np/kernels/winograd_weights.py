"""The weights, in pieces of 3x3, between their own memory and Winograd's points.

A kernel larger than 3x3 is cut into pieces of 3x3, filled up with zeros: 7x7 into nine. Each piece sees the
input shifted, and what the pieces give is summed at the points, as if they were further input channels.
"""

from numba import njit
from numba.extending import register_jitable

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.simd import lanes_of
from segnet_np.kernels.simd_blocks import transpose
from segnet_np.kernels.winograd_points import transform_weight, transform_weight_transposed


@register_jitable
def pieces_of(size):
    """How many pieces of 3x3 a kernel of `size` x `size` has."""
    return ((size + 2) // 3) ** 2


@njit(forceinline=True)
def piece_of(size, piece):
    """Top and left of a piece, and in how many runs of how many taps it lies in memory.

    All nine taps of a 3x3 kernel lie in one run, those of a piece of a larger one in runs of up to three.
    """
    along = (size + 2) // 3
    top = piece // along * 3
    left = piece % along * 3
    if size == 3:
        return top, left, 1, 9
    return top, left, min(3, size - top), min(3, size - left)


@njit(fastmath=FASTMATH)
def transform_weights(m, weight, adjoint, piece, first_d, depth, first_o, columns, taps, out, to, step):
    """U = G g Gt for `depth` channels from `first_d` and `columns` from `first_o` on; zeros beyond the last.

    Point f of (d, o) goes to ``out[to + f * step + d * columns + o]``. `taps` is scratch for nine vectors. Of
    weight (O, C, K, K) columns are O and depth is C; with `adjoint`, for backward, it is the other way round,
    and the taps are turned by 180 degrees.
    """
    size = weight.shape[2]
    top, left, runs, run = piece_of(size, piece)
    lanes = lanes_of(weight)
    wide = weight.shape[1] if adjoint else weight.shape[0]
    deep = weight.shape[0] if adjoint else weight.shape[1]
    # How far apart in memory the kernels lie that are neighbours in `wide` and in `deep`.
    wide_step = size * size if adjoint else deep * size * size
    deep_step = wide * size * size if adjoint else size * size
    flat = weight.reshape(-1)
    for o in range(0, columns, lanes):
        here = max(0, min(lanes, wide - first_o - o))
        out[taps : taps + 9 * lanes] = 0  # a vector for each tap
        for d in range(depth):
            if first_d + d >= deep or here == 0:
                out[taps : taps + 9 * lanes] = 0
            else:
                for ki in range(runs):
                    start = (first_o + o) * wide_step + (first_d + d) * deep_step
                    if adjoint and size > 3:
                        start += (size - 1 - top - ki) * size + size - left - run
                    else:
                        start += (top + ki) * size + left
                    for k in range(0, run, lanes):
                        # Turned round, the last tap comes first; docs/derivations/winograd.md (18).
                        tap = 3 * ki + (run - 1 - k if adjoint else k)
                        transpose(
                            flat, start + k, wide_step, here, min(lanes, run - k),
                            out, taps + tap * lanes, -lanes if adjoint else lanes,
                        )  # fmt: skip
            transform_weight(
                m, None, out, taps, 3 * lanes, lanes, None, out, to + d * columns + o, (m + 2) * step, step
            )


@njit(fastmath=FASTMATH)
def transform_weight_gradients(m, u, at, step, depth, columns, piece, out, number, first_c, first_o):
    """The transpose of :func:`transform_weights`: dw = Gt dU G, into out (chunks, O, C, K, K)[number].

    Point f of (c, o) is read from ``u[at + f * step + c * columns + o]``; u is overwritten.
    """
    _, out_channels, channels, size, _ = out.shape
    top, left, runs, run = piece_of(size, piece)
    lanes = lanes_of(out)
    flat = out.reshape(-1)
    for c in range(depth):
        for o in range(0, min(columns, out_channels - first_o), lanes):
            # The taps take the place of the first nine points.
            here = at + c * columns + o
            transform_weight_transposed(m, None, u, here, (m + 2) * step, step, None, u, here, 3 * step, step)
            some = min(lanes, out_channels - first_o - o)
            kernel = (number * out_channels + first_o + o) * channels + first_c + c
            for ki in range(runs):
                to = (kernel * size + top + ki) * size + left
                for k in range(0, run, lanes):
                    transpose(
                        u, here + (3 * ki + k) * step, step, min(lanes, run - k), some,
                        flat, to + k, channels * size * size,
                    )  # fmt: skip
