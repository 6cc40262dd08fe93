"""A vocabulary of vectors: one value of these holds as many numbers as a register of the processor.

    v = load(x, at, lanes)                # lanes neighbouring numbers of x, from position `at` on
    store(2.5 * v + w, out, at, lanes)    # + - * work lane by lane; a plain number is spread over all lanes

It exists because the compiler turns only simple loops into vector instructions by itself, and a transform
that juggles 36 numbers for each channel is not simple. With this type its formulas can be written as in the
paper, and each operation is one instruction, or a few where the processor has no masks (before AVX-512).
Positions count the numbers from an array's start, whatever its shape.

Each function below is an ``intrinsic``: Python that runs once, at compile time, looks at the types of its
arguments, and appends the instructions of :mod:`segnet_np.kernels.llvm`.
"""

import operator

import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic, overload

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.llvm import (
    Vector,
    call_llvm,
    everywhere,
    first_lanes,
    larger,
    masked_load,
    masked_store,
    pointer_to,
)


@intrinsic
def lanes_of(typingctx, array):
    """How many numbers of an array a vector holds: a constant, which the compiler can reckon with."""
    lanes = Vector(array.dtype).lanes
    return types.intp(array), lambda context, builder, signature, args: context.get_constant(
        types.intp, lanes
    )


@intrinsic
def load(typingctx, array, position, count):
    """The `count` numbers at ``array[position:]``, at most as many as there are lanes; zeros in the others.

    The other lanes are not even read, so that nothing beyond an array is touched.
    """
    vector = Vector(array.dtype)

    def codegen(context, builder, signature, args):
        pointer = pointer_to(context, builder, array, *args[:2], context.get_value_type(vector))
        return masked_load(builder, pointer, first_lanes(builder, args[2], vector.lanes))

    return vector(array, types.intp, types.intp), codegen


@intrinsic
def store(typingctx, value, array, position, count):
    """Write the first `count` lanes to ``array[position:]``, and nothing behind them."""

    def codegen(context, builder, signature, args):
        pointer = pointer_to(context, builder, array, *args[1:3], args[0].type)
        masked_store(builder, args[0], pointer, first_lanes(builder, args[3], value.lanes))
        return context.get_dummy_value()

    return types.void(value, array, types.intp, types.intp), codegen


@intrinsic
def spread(typingctx, number, like):
    """A vector of the type of `like`, with `number` in all lanes."""

    def codegen(context, builder, signature, args):
        return everywhere(builder, context.cast(builder, args[0], number, like.dtype), like.lanes)

    return like(number, like), codegen


def _lane_by_lane(python_operator, instruction):
    """Give vectors an operator that is one LLVM instruction."""

    @intrinsic
    def apply(typingctx, a, b):
        def codegen(context, builder, signature, args):
            return getattr(builder, instruction)(*args, flags=tuple(FASTMATH))

        return a(a, b), codegen

    @overload(python_operator)
    def operate(a, b):
        if isinstance(a, Vector) and isinstance(b, Vector):
            return lambda a, b: apply(a, b)
        if isinstance(a, Vector) and isinstance(b, types.Number):
            return lambda a, b: apply(a, spread(b, a))
        if isinstance(a, types.Number) and isinstance(b, Vector):
            return lambda a, b: apply(spread(a, b), b)
        return None


_lane_by_lane(operator.add, "fadd")
_lane_by_lane(operator.sub, "fsub")
_lane_by_lane(operator.mul, "fmul")


@intrinsic
def rounded(typingctx, value):
    """The nearest whole numbers."""

    def codegen(context, builder, signature, args):
        return call_llvm(builder, f"llvm.rint.v{value.lanes}f{8 * value.item}", args[0].type, args)

    return value(value), codegen


@intrinsic
def power_of_two(typingctx, value):
    """2 to the power of whole numbers, which must give normal numbers: -126 to 127, or -1022 to 1023."""

    def codegen(context, builder, signature, args):
        # The exponent of a floating-point number lies behind the bits of its mantissa, with an offset.
        bits, mantissa, offset = (32, 23, 127) if value.item == 4 else (64, 52, 1023)
        integers = ir.VectorType(ir.IntType(bits), value.lanes)
        exponent = builder.add(
            builder.fptosi(args[0], integers), ir.Constant(integers, [offset] * value.lanes)
        )
        shifted = builder.shl(exponent, ir.Constant(integers, [mantissa] * value.lanes))
        return builder.bitcast(shifted, args[0].type)

    return value(value), codegen


@intrinsic
def at_least(typingctx, value, floor):
    """Lane by lane, the larger one; where `value` is NaN, that."""

    def codegen(context, builder, signature, args):
        return larger(builder, *args)

    return value(value, floor), codegen


@intrinsic
def only_above(typingctx, value, gate, floor):
    """`value` in the lanes where `gate` exceeds `floor` or is NaN, and 0 in the others."""

    def codegen(context, builder, signature, args):
        below = builder.fcmp_ordered("<=", *args[1:])
        return builder.select(below, ir.Constant(args[0].type, None), args[0])

    return value(value, gate, floor), codegen


@intrinsic
def only_where(typingctx, value, marks, position, count, mark):
    """`value` in the lanes where ``marks[position + lane] == mark``, and 0 in the others.

    The marks are uint8; only `count` of them are read.
    """

    def codegen(context, builder, signature, args):
        byte = ir.IntType(8)
        bytes_ = ir.VectorType(byte, value.lanes)
        pointer = pointer_to(context, builder, marks, *args[1:3], bytes_)
        mask = first_lanes(builder, args[3], value.lanes)
        nothing = ir.Constant(bytes_, [255] * value.lanes)
        name = f"llvm.masked.load.v{value.lanes}i8.p0"
        found = call_llvm(builder, name, bytes_, [pointer, ir.IntType(32)(1), mask, nothing])
        wanted = everywhere(builder, builder.trunc(args[4], byte), value.lanes)
        here = builder.icmp_unsigned("==", found, wanted)
        return builder.select(here, args[0], ir.Constant(args[0].type, None))

    return value(value, marks, types.intp, types.intp, types.intp), codegen
