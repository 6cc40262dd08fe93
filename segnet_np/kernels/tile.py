"""The micro-kernel: one small block of a matrix product, held in the processor's vector registers.

Every convolution (forward, gradient of the input, gradient of the weights) is a sum of products
``c[r, v] += a[r, k] * b[k, v]``, and this is where all of those products are made. A tile of `rows` x
``vectors * lanes`` sums stays in registers while the depth k runs; each step loads one row of b as vectors,
and for every row of a one number that is spread over a whole vector:

    for k in depth:
        b0, b1, ... = b[k]                      # loaded once, used `rows` times
        for r in rows:
            s = spread(a[r, k])                 # loaded once, used `vectors` times
            c[r, 0] += s * b0;  c[r, 1] += s * b1;  ...

Why not plain Numba? In plain loops the compiler must suppose that c might overlap a or b, so it stores each
sum and loads it again: that version of the same convolution reached 55 to 154 GFLOP/s where this one reached
110 to 345 (two cores of an AMD EPYC with AVX-512, widths 16 to 512). So the loop is written in the compiler's
own language, LLVM IR, through ``numba.extending.intrinsic``: Python below runs once, at compile time, and
each `builder` call appends one instruction.
"""

import os
from functools import lru_cache

import llvmlite.binding as llvm
import llvmlite.ir as ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

_FEATURES = llvm.get_host_cpu_features()
_ARM = llvm.get_process_triple().startswith(("aarch64", "arm64"))

VECTOR_BYTES = int(
    os.environ.get("SEGNET_NP_VECTOR_BYTES", 0)
    or (64 if _FEATURES.get("avx512f") else 32 if _FEATURES.get("avx2") else 16)
)
"""Width of one vector register: AVX-512 64, AVX2 32, SSE and NEON 16 bytes. The environment variable forces a
smaller one, to try out what other processors run; it needs a NUMBA_CACHE_DIR of its own."""

_REGISTERS = 32 if VECTOR_BYTES == 64 or _ARM else 16

# Rows of the tile for 1, 2 and 4 vectors a row: no more sums than the registers hold beside b and the spread,
# enough that the multiply-adds need not wait for each other, and such that the usual numbers of channels and
# tiles, multiples of 16, leave few rows idle.
_ROWS_1, _ROWS_2, _ROWS_4 = (16, 8, 6) if _REGISTERS == 32 else (8, 4, 3)
MAX_ROWS = 16


def make_tile(rows, vectors):
    """Make the micro-kernel for one tile size.

    Parameters
    ----------
    rows, vectors : int
        The tile holds ``rows`` x ``vectors * lanes`` sums, where a vector has
        ``lanes = VECTOR_BYTES // itemsize`` numbers.

    Returns
    -------
    tile : Numba intrinsic
        ``tile(a, a_start, a_row, a_outer, a_inner, b, b_start, b_outer, b_inner, outer, inner, c, c_start,
        fresh)`` adds to the tile that lies contiguously at ``c[c_start:]``, or with `fresh` writes it anew.
        The depth has two levels, ``outer`` times ``inner`` steps; positions are counted in elements from the
        start of each array:

        ==================  ==========================================================
        a[r, ko, ki]        ``a_start + r * a_row + ko * a_outer + ki * a_inner``
        b[ko, ki]           ``b_start + ko * b_outer + ki * b_inner``, one whole row of b
        ==================  ==========================================================
    """

    @intrinsic
    def tile(
        typingctx, a, a_start, a_row, a_outer, a_inner, b, b_start, b_outer, b_inner, outer, inner,
        c, c_start, fresh,
    ):  # fmt: skip
        item = a.dtype.bitwidth // 8
        lanes = VECTOR_BYTES // item
        index = ir.IntType(64)
        lane_index = ir.IntType(32)

        def codegen(context, builder, signature, args):
            scalar = context.get_value_type(a.dtype)
            vector = ir.VectorType(scalar, lanes)
            undefined = ir.Constant(vector, ir.Undefined)
            to_all_lanes = ir.Constant(ir.VectorType(lane_index, lanes), [0] * lanes)
            # fmuladd is one fused instruction where the processor has it and two where it has not.
            fma = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(vector, [vector] * 3),
                f"llvm.fmuladd.v{lanes}f{8 * item}",
            )

            def move(pointer, elements):
                return builder.gep(pointer, [elements])

            def load_vector(pointer):
                value = builder.load(builder.bitcast(pointer, vector.as_pointer()))
                value.align = item  # rows start anywhere
                return value

            def store_vector(value, pointer):
                builder.store(value, builder.bitcast(pointer, vector.as_pointer())).align = item

            def spread(pointer):
                first = builder.insert_element(undefined, builder.load(pointer), lane_index(0))
                return builder.shuffle_vector(first, undefined, to_all_lanes)

            def start(array_type, array, first):
                return move(context.make_array(array_type)(context, builder, array).data, first)

            a_row_, a_outer_, a_inner_ = args[2:5]
            b_outer_, b_inner_, outer_, inner_ = args[7:11]
            a0, b0, c0 = start(a, *args[0:2]), start(b, *args[5:7]), start(c, *args[11:13])
            cells = [
                (r, v, move(c0, index((r * vectors + v) * lanes)))
                for r in range(rows)
                for v in range(vectors)
            ]

            # LLVM keeps these stack slots in registers, because nothing else knows their addresses.
            sums = {(r, v): cgutils.alloca_once(builder, vector) for r, v, _ in cells}
            zero = ir.Constant(vector, None)
            with builder.if_else(args[13]) as (begin_anew, go_on):
                with begin_anew:
                    for r, v, _ in cells:
                        builder.store(zero, sums[r, v])
                with go_on:
                    for r, v, cell in cells:
                        builder.store(load_vector(cell), sums[r, v])
            with cgutils.for_range(builder, outer_, intp=index) as outer_loop:
                a1 = move(a0, builder.mul(outer_loop.index, a_outer_))
                b1 = move(b0, builder.mul(outer_loop.index, b_outer_))
                with cgutils.for_range(builder, inner_, intp=index) as inner_loop:
                    a2 = move(a1, builder.mul(inner_loop.index, a_inner_))
                    b2 = move(b1, builder.mul(inner_loop.index, b_inner_))
                    b_row = [load_vector(move(b2, index(v * lanes))) for v in range(vectors)]
                    for r in range(rows):
                        factor = spread(move(a2, builder.mul(a_row_, index(r))))
                        for v in range(vectors):
                            total = builder.call(fma, [factor, b_row[v], builder.load(sums[r, v])])
                            builder.store(total, sums[r, v])
            for r, v, cell in cells:
                store_vector(builder.load(sums[r, v]), cell)
            return context.get_dummy_value()

        numbers = types.int64
        return types.void(a, *[numbers] * 4, b, *[numbers] * 5, c, numbers, types.boolean), codegen

    return tile


_tile_1 = make_tile(_ROWS_1, 1)
_tile_2 = make_tile(_ROWS_2, 2)
_tile_4 = make_tile(_ROWS_4, 4)


@register_jitable(forceinline=True)
def tile_rows(vectors):
    """Rows of the tile that is `vectors` wide."""
    return _ROWS_4 if vectors == 4 else _ROWS_2 if vectors == 2 else _ROWS_1


@njit(forceinline=True)
def add_product(vectors, a, a_start, a_strides, b, b_start, b_strides, depth, c, c_start, fresh):
    """Add a block of a times a block of b to the tile at ``c[c_start:]``, or write it `fresh`.

    `a_strides` is (row, outer, inner), `b_strides` and `depth` are (outer, inner); see :func:`make_tile`.
    """
    # fmt: off
    if vectors == 4:
        _tile_4(a, a_start, *a_strides, b, b_start, *b_strides, *depth, c, c_start, fresh)
    elif vectors == 2:
        _tile_2(a, a_start, *a_strides, b, b_start, *b_strides, *depth, c, c_start, fresh)
    else:
        _tile_1(a, a_start, *a_strides, b, b_start, *b_strides, *depth, c, c_start, fresh)
    # fmt: on


@lru_cache
def panel_width(channels, dtype):
    """Choose how many output channels a tile is wide: 1, 2 or 4 vectors, so that little of it lies idle.

    Parameters
    ----------
    channels : int
        Number of output channels O.
    dtype : numpy.dtype
        float32 or float64.

    Returns
    -------
    width : int
        Channels in a panel. The O channels are cut into ``ceil(O / width)`` panels, the last one filled up
        with zeros.
    """
    lanes = VECTOR_BYTES // dtype.itemsize

    def idle(vectors):
        return -channels % (vectors * lanes)

    # A wider tile reads a less often, so it wins unless it would idle more.
    return lanes * min((4, 2, 1), key=idle)
