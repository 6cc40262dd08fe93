"""Vectors in LLVM, the compiler's own language: their type, and the instructions that others are made of.

Each function appends instructions with the help of a `builder`, at compile time, and returns the value that
they will have. What kernels call is in :mod:`segnet_np.kernels.simd` and
:mod:`segnet_np.kernels.simd_blocks`.
"""

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import models, register_model

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


def pointer_to(context, builder, array_type, array, position, vector):
    """Where the vector at ``array[position:]`` lies."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [position]), vector.as_pointer())


def everywhere(builder, value, lanes):
    """A vector with `value` in all lanes."""
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, undefined, zeros)


def first_lanes(builder, count, lanes):
    """The mask of the first `count` lanes."""
    counts = everywhere(builder, builder.trunc(count, ir.IntType(32)), lanes)
    return builder.icmp_signed("<", ir.Constant(counts.type, list(range(lanes))), counts)


def masked_load(builder, pointer, mask):
    """Load the lanes of the mask, and zeros in the others."""
    vector = pointer.type.pointee
    item = 4 if isinstance(vector.element, ir.FloatType) else 8
    name = f"llvm.masked.load.v{vector.count}f{8 * item}.p0"
    return call_llvm(builder, name, vector, [pointer, ir.IntType(32)(item), mask, ir.Constant(vector, None)])


def masked_store(builder, value, pointer, mask):
    """Store the lanes of the mask."""
    item = 4 if isinstance(value.type.element, ir.FloatType) else 8
    name = f"llvm.masked.store.v{value.type.count}f{8 * item}.p0"
    call_llvm(builder, name, ir.VoidType(), [value, pointer, ir.IntType(32)(item), mask])


def larger(builder, value, floor):
    """The larger one, or `value` where it is NaN. Asked this way round, it is one instruction."""
    return builder.select(builder.fcmp_ordered(">", floor, value), floor, value)


def call_llvm(builder, name, result, arguments):
    """Call a function that LLVM itself knows."""
    function_type = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), arguments)
