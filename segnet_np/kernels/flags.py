"""The one place that says how far the compiler may bend arithmetic.

Only ``contract``: a product followed by a sum may become one fused multiply-add, which is faster and rounds
once instead of twice. Never full fast-math: it lets the compiler assume that there are no NaNs, and then
deletes the very checks that let a NaN show itself.
"""

FASTMATH = {"contract"}
