"""Winograd's short cut for 3x3 kernels: the small transforms, along one line of numbers.

A direct convolution needs 9 products for each output pixel. Winograd's algorithm cuts the output into tiles
of m x m pixels (m = 4 or 2), and computes each from the (m + 2) x (m + 2) input pixels that it depends on:

    V = Bt d B          d: the input tile                 "evaluate at m + 2 points"
    U = G g Gt          g: the 3x3 kernel                 "evaluate at the same points"
    M = U * V           point by point, summed over the input channels: here are all the products
    y = At M A          y: the output tile                "interpolate"

That is (m + 2)**2 products for m**2 pixels: 2.25 for each with m = 4, and 4 with m = 2. It works because a
convolution is a product of polynomials, and a polynomial of degree m + 1 is known when its values at m + 2
points are known: multiply the values, then interpolate (Lavin and Gray, arXiv 1509.09308, sections 3 and 4).
"Infinity", where only the highest coefficient counts, is one of the points.

Which points are taken decides how large the numbers in between grow, and so the rounding errors. For m = 4
these are 0, 1/s, -1/s, s, -s, infinity with s = sqrt(2); the usual 0, 1, -1, 2, -2 lose more than twice as
much. For m = 2: 0, 1, -1, infinity.

The matrices in full:

    m = 4, s = sqrt(2):
    Bt = 1   0  -5/2    0   1  0      G =   1     0     0      At = 1   1    1    1    1    0
         0  -s   -2   s/2   1  0          -2/3  -s/3  -1/3          0  s/2 -s/2   s   -s    0
         0   s   -2  -s/2   1  0          -2/3   s/3  -1/3          0  1/2  1/2   2    2    0
         0 -s/2 -1/2    s   1  0           1/6   s/6   1/3          0  s/4 -s/4  2s  -2s    1
         0  s/2 -1/2   -s   1  0           1/6  -s/6   1/3
         0   1    0  -5/2   0  1            0     0     1

    m = 2:
    Bt = 1  0 -1  0      G =  1    0    0      At = 1  1  1  0
         0  1  1  0          1/2  1/2  1/2          0  1 -1 -1
         0 -1  1  0          1/2 -1/2  1/2
         0  1  0 -1           0    0    1

Each function below multiplies one of these matrices, or its transpose, with a column of vectors. The
transposes are the backward pass: of y with respect to M, and of U with respect to g. :func:`down_and_along`
makes the two-dimensional transform of it.
"""

from numba import njit

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.simd_blocks import read_columns, turn, write_rows

S = 2**0.5  # the points: docs/derivations/winograd.md (9) to (11)


@njit(forceinline=True, fastmath=FASTMATH)
def input_4(d):
    """Bt d for m = 4: what two points +p and -p have in common is computed once."""
    d0, d1, d2, d3, d4, d5 = d
    near_even = d4 - 2 * d2
    near_odd = S / 2 * d3 - S * d1
    far_even = d4 - 0.5 * d2
    far_odd = S * d3 - S / 2 * d1
    return (
        d0 - 2.5 * d2 + d4,
        near_even + near_odd,
        near_even - near_odd,
        far_even + far_odd,
        far_even - far_odd,
        d1 - 2.5 * d3 + d5,
    )


@njit(forceinline=True, fastmath=FASTMATH)
def weight_4(g):
    """G g for m = 4."""
    g0, g1, g2 = g
    near_even = -2 / 3 * g0 - 1 / 3 * g2
    near_odd = -S / 3 * g1
    far_even = 1 / 6 * g0 + 1 / 3 * g2
    far_odd = S / 6 * g1
    return (g0, near_even + near_odd, near_even - near_odd, far_even + far_odd, far_even - far_odd, g2)


@njit(forceinline=True, fastmath=FASTMATH)
def output_4(m):
    """At m for m = 4."""
    m0, m1, m2, m3, m4, m5 = m
    near_sum = m1 + m2
    near_difference = m1 - m2
    far_sum = m3 + m4
    far_difference = m3 - m4
    return (
        m0 + near_sum + far_sum,
        S / 2 * near_difference + S * far_difference,
        0.5 * near_sum + 2 * far_sum,
        S / 4 * near_difference + 2 * S * far_difference + m5,
    )


@njit(forceinline=True, fastmath=FASTMATH)
def output_4_transposed(y):
    """A y for m = 4."""
    y0, y1, y2, y3 = y
    near_even = y0 + 0.5 * y2
    near_odd = S / 2 * y1 + S / 4 * y3
    far_even = y0 + 2 * y2
    far_odd = S * y1 + 2 * S * y3
    return (y0, near_even + near_odd, near_even - near_odd, far_even + far_odd, far_even - far_odd, y3)


@njit(forceinline=True, fastmath=FASTMATH)
def weight_4_transposed(u):
    """Gt u for m = 4."""
    u0, u1, u2, u3, u4, u5 = u
    near_sum = u1 + u2
    near_difference = u1 - u2
    far_sum = u3 + u4
    far_difference = u3 - u4
    return (
        u0 - 2 / 3 * near_sum + 1 / 6 * far_sum,
        S / 6 * far_difference - S / 3 * near_difference,
        1 / 3 * far_sum - 1 / 3 * near_sum + u5,
    )


@njit(forceinline=True, fastmath=FASTMATH)
def input_2(d):
    """Bt d for m = 2."""
    d0, d1, d2, d3 = d
    return (d0 - d2, d1 + d2, d2 - d1, d1 - d3)


@njit(forceinline=True, fastmath=FASTMATH)
def weight_2(g):
    """G g for m = 2."""
    g0, g1, g2 = g
    even = 0.5 * g0 + 0.5 * g2
    odd = 0.5 * g1
    return (g0, even + odd, even - odd, g2)


@njit(forceinline=True, fastmath=FASTMATH)
def output_2(m):
    """At m for m = 2."""
    m0, m1, m2, m3 = m
    return (m0 + m1 + m2, m1 - m2 - m3)


@njit(forceinline=True, fastmath=FASTMATH)
def output_2_transposed(y):
    """A y for m = 2."""
    y0, y1 = y
    return (y0, y0 + y1, y0 - y1, -1 * y1)


@njit(forceinline=True, fastmath=FASTMATH)
def weight_2_transposed(u):
    """Gt u for m = 2."""
    u0, u1, u2, u3 = u
    both = 0.5 * u1 + 0.5 * u2
    return (u0 + both, 0.5 * u1 - 0.5 * u2, both + u3)


def down_and_along(points_4, taken_4, points_2, taken_2):
    """Make a two-dimensional transform: `points` down each column, then along each row of what that gave.

    Parameters
    ----------
    points_4, points_2 : njit function
        The same one of the above for m = 4 and for m = 2.
    taken_4, taken_2 : int
        How many vectors they take.

    Returns
    -------
    transform : njit function
        ``transform(m, finish, x, at, row, column, added, out, to, out_row, out_column)``: from the vectors at
        ``x[at + i * row + j * column]``, with `finish` as in
        :func:`segnet_np.kernels.simd_blocks.read_columns`, to those at
        ``out[to + i * out_row + j * out_column]``, where the vector `added` is added, if not None.
    """

    @njit(forceinline=True)
    def transform(m, finish, x, at, row, column, added, out, to, out_row, out_column):
        if m == 4:
            columns_4 = read_columns(points_4, finish, x, at, row, column, taken_4)
            write_rows(points_4, turn(columns_4), added, out, to, out_row, out_column)
        else:
            columns_2 = read_columns(points_2, finish, x, at, row, column, taken_2)
            write_rows(points_2, turn(columns_2), added, out, to, out_row, out_column)

    return transform


transform_input = down_and_along(input_4, 6, input_2, 4)  # docs/derivations/winograd.md (7)
transform_weight = down_and_along(weight_4, 3, weight_2, 3)
transform_output = down_and_along(output_4, 6, output_2, 4)  # docs/derivations/winograd.md (12)
# The transposes: docs/derivations/winograd.md (16), (14)
transform_weight_transposed = down_and_along(weight_4_transposed, 6, weight_2_transposed, 4)
transform_output_transposed = down_and_along(output_4_transposed, 4, output_2_transposed, 2)
