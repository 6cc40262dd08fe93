"""A vocabulary of vectors: one value of these holds as many numbers as a register of the processor.

    v = load(x, at, lanes)                # lanes neighbouring numbers of x, from position `at` on
    store(2.5 * v + w, out, at, lanes)    # + - * work lane by lane; a plain number is spread over all lanes

It exists because the compiler turns only simple loops into vector instructions by itself, and a transform
that juggles 36 numbers for each channel is not simple. With this type its formulas can be written as in the
paper, and each operation is one instruction. Positions count the numbers from an array's start, whatever its
shape.

Each function below is an ``intrinsic``: Python that runs once, at compile time, looks at the types of its
arguments, and appends the instructions of LLVM, the compiler's own language, with the help of a `builder`.
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
        self.item = dtype.bitwidth // 8
        self.lanes = VECTOR_BYTES // self.item
        super().__init__(name=f"Vector({dtype}, {self.lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    """A vector is one LLVM value, which the compiler keeps in a register."""

    def __init__(self, manager, vector):
        scalar = manager.lookup(vector.dtype).get_value_type()
        super().__init__(manager, vector, ir.VectorType(scalar, vector.lanes))


def _pointer(context, builder, array_type, array, position, vector):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [position]), vector.as_pointer())


def _everywhere(builder, value, lanes):
    """A vector with `value` in all lanes."""
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, undefined, zeros)


def _first(builder, count, lanes):
    """The mask of the first `count` lanes."""
    counts = _everywhere(builder, builder.trunc(count, ir.IntType(32)), lanes)
    return builder.icmp_signed("<", ir.Constant(counts.type, list(range(lanes))), counts)


def _load(builder, pointer, mask):
    """Load the lanes of the mask, and zeros in the others."""
    vector = pointer.type.pointee
    item = 4 if isinstance(vector.element, ir.FloatType) else 8
    name = f"llvm.masked.load.v{vector.count}f{8 * item}.p0"
    return _call(builder, name, vector, [pointer, ir.IntType(32)(item), mask, ir.Constant(vector, None)])


def _store(builder, value, pointer, mask):
    """Store the lanes of the mask."""
    item = 4 if isinstance(value.type.element, ir.FloatType) else 8
    name = f"llvm.masked.store.v{value.type.count}f{8 * item}.p0"
    _call(builder, name, ir.VoidType(), [value, pointer, ir.IntType(32)(item), mask])


def _larger(builder, value, floor):
    """The larger one, or `value` where it is NaN. Asked this way round, it is one instruction."""
    return builder.select(builder.fcmp_ordered(">", floor, value), floor, value)


def _call(builder, name, result, arguments):
    function_type = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), arguments)


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
        pointer = _pointer(context, builder, array, *args[:2], context.get_value_type(vector))
        return _load(builder, pointer, _first(builder, args[2], vector.lanes))

    return vector(array, types.intp, types.intp), codegen


@intrinsic
def store(typingctx, value, array, position, count):
    """Write the first `count` lanes to ``array[position:]``, and nothing behind them."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, array, *args[1:3], args[0].type)
        _store(builder, args[0], pointer, _first(builder, args[3], value.lanes))
        return context.get_dummy_value()

    return types.void(value, array, types.intp, types.intp), codegen


@intrinsic
def spread(typingctx, number, like):
    """A vector of the type of `like`, with `number` in all lanes."""

    def codegen(context, builder, signature, args):
        return _everywhere(builder, context.cast(builder, args[0], number, like.dtype), like.lanes)

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
        return _call(builder, f"llvm.rint.v{value.lanes}f{8 * value.item}", args[0].type, args)

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
        return _larger(builder, *args)

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
        pointer = _pointer(context, builder, marks, *args[1:3], bytes_)
        mask = _first(builder, args[3], value.lanes)
        nothing = ir.Constant(bytes_, [255] * value.lanes)
        name = f"llvm.masked.load.v{value.lanes}i8.p0"
        found = _call(builder, name, bytes_, [pointer, ir.IntType(32)(1), mask, nothing])
        wanted = _everywhere(builder, builder.trunc(args[4], byte), value.lanes)
        here = builder.icmp_unsigned("==", found, wanted)
        return builder.select(here, args[0], ir.Constant(args[0].type, None))

    return value(value, marks, types.intp, types.intp, types.intp), codegen


@intrinsic(prefer_literal=True)
def read_columns(typingctx, function, finish, array, position, row, column, count):
    """Call an njit function for each column of a grid of `count` x `count` vectors, and return its results.

    It gets a tuple of the vectors (i, j) at ``array[position + i * row + j * column:]``; finished, where
    `finish` is a tuple of vectors (scale, shift, floor) and not None: ``max(v * scale + shift, floor)``.
    """
    vector = Vector(array.dtype)
    vectors = types.UniTuple(vector, count.literal_value)
    call = function.get_call_type(typingctx, (vectors,), {})
    results = types.UniTuple(call.return_type, count.literal_value)

    def codegen(context, builder, signature, args):
        _, finish_, array_, position_, row_, column_, _ = args
        compute = context.get_function(function, call)
        result = ir.Constant(context.get_value_type(results), ir.Undefined)
        for j in range(len(results)):
            start = builder.add(position_, builder.mul(column_, column_.type(j)))
            values = ir.Constant(context.get_value_type(vectors), ir.Undefined)
            for i in range(len(vectors)):
                at = builder.add(start, builder.mul(row_, row_.type(i)))
                value = builder.load(
                    _pointer(context, builder, array, array_, at, context.get_value_type(vector))
                )
                value.align = vector.item
                if finish != types.none:
                    scale, shift, floor = (builder.extract_value(finish_, k) for k in range(3))
                    product = builder.fmul(value, scale, flags=tuple(FASTMATH))
                    value = _larger(builder, builder.fadd(product, shift, flags=tuple(FASTMATH)), floor)
                values = builder.insert_value(values, value, i)
            result = builder.insert_value(result, compute(builder, (values,)), j)
        return result

    return results(function, finish, array, *[types.intp] * 3, count), codegen


@intrinsic
def write_rows(typingctx, function, rows, added, array, position, row, column):
    """Call an njit function for each of the `rows`, tuples of vectors, and write the tuples that it returns.

    Vector j of row i goes to ``array[position + i * row + j * column:]``, plus the vector `added`, if not
    None.
    """
    call = function.get_call_type(typingctx, (rows[0],), {})

    def codegen(context, builder, signature, args):
        _, rows_, added_, array_, position_, row_, column_ = args
        compute = context.get_function(function, call)
        for i in range(len(rows)):
            start = builder.add(position_, builder.mul(row_, row_.type(i)))
            values = compute(builder, (builder.extract_value(rows_, i),))
            for j in range(len(call.return_type)):
                at = builder.add(start, builder.mul(column_, column_.type(j)))
                value = builder.extract_value(values, j)
                if added != types.none:
                    value = builder.fadd(value, added_)
                pointer = _pointer(context, builder, array, array_, at, value.type)
                builder.store(value, pointer).align = call.return_type[0].item
        return context.get_dummy_value()

    return types.void(function, rows, added, array, *[types.intp] * 3), codegen


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
def transpose(typingctx, array, position, row, rows, count, out, to, out_row):
    """Write the transpose of a block of `rows` x `count` numbers; either is 1 to the number of lanes.

    The number at ``array[position + i * row + j]`` goes to ``out[to + j * out_row + i]``.
    """
    vector = Vector(array.dtype)
    lanes = vector.lanes

    def codegen(context, builder, signature, args):
        _, position_, row_, rows_, count_, _, to_, out_row_ = args
        value = context.get_value_type(vector)

        def place(array_type, array_, start, step, number):
            at = builder.add(start, builder.mul(step, number))
            return _pointer(context, builder, array_type, array_, at, value)

        # Instead of rows that are not there the last one is read again; their lanes are not written.
        last = builder.sub(rows_, rows_.type(1))
        here = _first(builder, count_, lanes)
        lines = []
        for i in range(lanes):
            there = builder.icmp_signed("<", rows_.type(i), last)
            number = builder.select(there, rows_.type(i), last)
            lines.append(_load(builder, place(array, args[0], position_, row_, number), here))
        # A round lays line i and line i + lanes / 2 between each other. That turns the digits of the binary
        # number (line, lane) round by one place; when all digits of line and lane have changed places, the
        # block is transposed.
        half = lanes // 2
        between = [[k // 2 + k % 2 * lanes + side * half for k in range(lanes)] for side in (0, 1)]
        shuffles = [ir.Constant(ir.VectorType(ir.IntType(32), lanes), places) for places in between]
        for _ in range(lanes.bit_length() - 1):
            lines = [
                builder.shuffle_vector(lines[k // 2], lines[k // 2 + half], shuffles[k % 2])
                for k in range(lanes)
            ]
        here = _first(builder, rows_, lanes)
        for j, line in enumerate(lines):
            with builder.if_then(builder.icmp_signed("<", count_.type(j), count_)):
                _store(builder, line, place(out, args[5], to_, out_row_, to_.type(j)), here)
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 4, out, *[types.intp] * 2), codegen
