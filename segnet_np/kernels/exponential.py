"""exp of vectors, of which the compiler knows only the exp of single numbers.

With n the whole number nearest to x / ln 2, ``exp(x) = 2**n * exp(r)``, where r = x - n ln 2 is between -0.35
and 0.35, and there the Taylor series needs few terms. ln 2 comes in two pieces, of which n times the first is
exact, so that r keeps its digits (Cody and Waite, "Software Manual for the Elementary Functions", 1980).
"""

from numba import njit

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.simd import at_least, only_above, power_of_two, rounded, spread


@njit(forceinline=True, fastmath=FASTMATH)
def exponential(x, single):
    """exp(x) for x <= 0, lane by lane, `single` or double precision. NaN stays NaN.

    0 below -87, or -708, where the result would soon be no normal number any more.
    """
    if single:
        lowest, ln2_high, ln2_low, terms = -87.0, 0.693359375, -2.12194440e-4, 7
    else:
        lowest, ln2_high, ln2_low, terms = -708.0, 0.6931471803691238, 1.9082149292705877e-10, 13
    # Both are the larger one, but of a NaN the first makes `lowest`, so that n is a number in any case.
    n = rounded(at_least(spread(lowest, x), x) * 1.4426950408889634)
    r = at_least(x, spread(lowest, x)) - n * ln2_high - n * ln2_low
    total = spread(1.0, x)
    for k in range(terms, 0, -1):
        total = 1.0 + total * r * (1.0 / k)
    return only_above(total * power_of_two(n), x, spread(lowest, x))
