"""A vocabulary of vectors: one value of these holds as many numbers as one register of the processor.

    v = load(x, at)                # lanes neighbouring numbers of x, from position `at` on
    store(2.5 * v + w, out, at)    # + - * work lane by lane; a plain number is spread over all lanes

It exists because the compiler turns only simple loops into vector instructions by itself, and a transform that
juggles 36 numbers for each channel is not simple. With this type its formulas can be written as in the paper,
and each operation is one instruction. Positions count the numbers from an array's start, whatever its shape.
"""

import operator

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.tile import VECTOR_BYTES


class Vector(types.Type):
    """Numba's type for a vector of `lanes` numbers of `dtype`."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.lanes = VECTOR_BYTES * 8 // dtype.bitwidth
        super().__init__(name=f"Vector({dtype}, {self.lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    """A vector is one LLVM value, which the compiler keeps in a register."""

    def __init__(self, manager, vector):
        scalar = manager.lookup(vector.dtype).get_value_type()
        super().__init__(manager, vector, ir.VectorType(scalar, vector.lanes))


def _pointer(context, builder, array_type, array, position):
    data = context.make_array(array_type)(context, builder, array).data
    vector = context.get_value_type(Vector(array_type.dtype))
    return builder.bitcast(builder.gep(data, [position]), vector.as_pointer())


@intrinsic
def load(typingctx, array, position):
    """The vector at ``array[position:]``."""

    def codegen(context, builder, signature, args):
        value = builder.load(_pointer(context, builder, array, *args))
        value.align = array.dtype.bitwidth // 8
        return value

    return Vector(array.dtype)(array, types.intp), codegen


@intrinsic
def store(typingctx, value, array, position):
    """Write a vector to ``array[position:]``."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, array, *args[1:])
        builder.store(args[0], pointer).align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(value, array, types.intp), codegen


def _everywhere(builder, value, lanes):
    """A vector with `value` in all lanes."""
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, undefined, zeros)


def _first(context, builder, vector, count):
    """The mask of the first `count` lanes."""
    index = ir.IntType(32)
    counts = _everywhere(builder, builder.trunc(count, index), vector.lanes)
    return builder.icmp_signed("<", ir.Constant(counts.type, list(range(vector.lanes))), counts)


def _masked_load(context, builder, pointer, align, mask, elsewhere):
    """``llvm.masked.load``: lanes that the mask excludes are not read and get `elsewhere`."""
    arguments = [pointer, ir.IntType(32)(align), mask, elsewhere]
    function_type = ir.FunctionType(elsewhere.type, [argument.type for argument in arguments])
    kind = f"{elsewhere.type.element.intrinsic_name}"
    name = f"llvm.masked.load.v{elsewhere.type.count}{kind}.p0"
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), arguments)


@intrinsic
def load_first(typingctx, array, position, count):
    """The `count` numbers at ``array[position:]`` and zeros in the other lanes, which are not read."""
    vector = Vector(array.dtype)

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, array, *args[:2])
        mask = _first(context, builder, vector, args[2])
        zero = ir.Constant(context.get_value_type(vector), None)
        return _masked_load(context, builder, pointer, array.dtype.bitwidth // 8, mask, zero)

    return vector(array, types.intp, types.intp), codegen


@intrinsic
def store_first(typingctx, value, array, position, count):
    """Write the first `count` lanes to ``array[position:]``, and nothing behind them."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, array, *args[1:3])
        mask = _first(context, builder, value, args[3])
        arguments = [args[0], pointer, ir.IntType(32)(array.dtype.bitwidth // 8), mask]
        function_type = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
        name = f"llvm.masked.store.v{value.lanes}f{value.dtype.bitwidth}.p0"
        builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), arguments)
        return context.get_dummy_value()

    return types.void(value, array, types.intp, types.intp), codegen


@intrinsic
def spread(typingctx, number, like):
    """A vector of the type of `like`, with `number` in all lanes."""

    def codegen(context, builder, signature, args):
        scalar = context.cast(builder, args[0], number, like.dtype)
        return _everywhere(builder, scalar, like.lanes)

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

    return operate


_add = _lane_by_lane(operator.add, "fadd")
_sub = _lane_by_lane(operator.sub, "fsub")
_mul = _lane_by_lane(operator.mul, "fmul")


@intrinsic
def turn(typingctx, columns):
    """From a tuple of columns, each a tuple of vectors, to the tuple of its rows."""
    rows = types.UniTuple(types.UniTuple(columns[0][0], len(columns)), len(columns[0]))

    def codegen(context, builder, signature, args):
        result = ir.Constant(context.get_value_type(rows), ir.Undefined)
        for i in range(len(rows)):
            for j in range(len(columns)):
                value = builder.extract_value(args[0], [j, i])
                result = builder.insert_value(result, value, [i, j])
        return result

    return rows(columns), codegen


@intrinsic
def at_least(typingctx, value, floor):
    """Lane by lane, the larger one; where `value` is NaN, that."""

    def codegen(context, builder, signature, args):
        below = builder.fcmp_ordered("<=", *args)
        return builder.select(below, args[1], args[0])

    return value(value, floor), codegen


@intrinsic
def only_where(typingctx, value, marks, position, count, mark):
    """`value` in those of the first `count` lanes where ``marks[position + lane] == mark``, and 0 in the others.

    The marks are uint8.
    """

    def codegen(context, builder, signature, args):
        byte = ir.IntType(8)
        vector = ir.VectorType(byte, value.lanes)
        data = context.make_array(marks)(context, builder, args[1]).data
        pointer = builder.bitcast(builder.gep(data, [args[2]]), vector.as_pointer())
        mask = _first(context, builder, value, args[3])
        found = _masked_load(context, builder, pointer, 1, mask, ir.Constant(vector, [255] * value.lanes))
        wanted = _everywhere(builder, builder.trunc(args[4], byte), value.lanes)
        zero = ir.Constant(context.get_value_type(value), None)
        return builder.select(builder.icmp_unsigned("==", found, wanted), args[0], zero)

    return value(value, marks, types.intp, types.intp, types.intp), codegen


@intrinsic
def only_above(typingctx, value, gate, floor):
    """`value` in the lanes where `gate` exceeds `floor` or is NaN, and 0 in the others."""

    def codegen(context, builder, signature, args):
        below = builder.fcmp_ordered("<=", args[1], args[2])
        return builder.select(below, ir.Constant(context.get_value_type(value), None), args[0])

    return value(value, gate, floor), codegen
