"""The vocabulary of vectors for whole blocks of numbers: read a grid, write a grid, turn it round.

Loops over the vectors of a grid are laid out here, at compile time, so that each vector stays in a register
of its own; a loop in a kernel would go through memory.
"""

import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.llvm import Vector, first_lanes, larger, masked_load, masked_store, pointer_to


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
                    pointer_to(context, builder, array, array_, at, context.get_value_type(vector))
                )
                value.align = vector.item
                if finish != types.none:
                    scale, shift, floor = (builder.extract_value(finish_, k) for k in range(3))
                    product = builder.fmul(value, scale, flags=tuple(FASTMATH))
                    value = larger(builder, builder.fadd(product, shift, flags=tuple(FASTMATH)), floor)
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
                pointer = pointer_to(context, builder, array, array_, at, value.type)
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
            return pointer_to(context, builder, array_type, array_, at, value)

        # Instead of rows that are not there the last one is read again; their lanes are not written.
        last = builder.sub(rows_, rows_.type(1))
        here = first_lanes(builder, count_, lanes)
        lines = []
        for i in range(lanes):
            there = builder.icmp_signed("<", rows_.type(i), last)
            number = builder.select(there, rows_.type(i), last)
            lines.append(masked_load(builder, place(array, args[0], position_, row_, number), here))
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
        here = first_lanes(builder, rows_, lanes)
        for j, line in enumerate(lines):
            with builder.if_then(builder.icmp_signed("<", count_.type(j), count_)):
                masked_store(builder, line, place(out, args[5], to_, out_row_, to_.type(j)), here)
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 4, out, *[types.intp] * 2), codegen
