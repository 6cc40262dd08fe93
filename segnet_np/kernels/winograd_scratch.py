"""Where the transformed numbers of Winograd's algorithm lie in a thread's scratch memory.

The matrix products take their rows from memory in groups: of as many tiles as the micro-kernel has rows, or,
where tiles are summed over, of as many as make the points of one tile touch few pages.
"""

from typing import NamedTuple

from numba.extending import register_jitable


class Points(NamedTuple):
    """Where the points of transformed tiles lie: those of tile t begin at row ``t % rows`` of group
    ``t // rows``, and the numbers of its point f at
    ``start + t // rows * group + f * step + t % rows * width``.

    Attributes
    ----------
    start : int
        Where the first one begins.
    rows : int
        Tiles of a group.
    width : int
        Numbers that a point of a tile has, one a channel.
    step, group : int
        How far points and groups lie apart.
    """

    start: int
    rows: int
    width: int
    step: int
    group: int


@register_jitable
def place_points(start, count, m, rows, width, extra):
    """Place groups of `rows` tiles of m x m pixels, for `count` tiles, with room for `extra` numbers a point.

    Some `extra` there must be: points that lie a power of two apart meet in the same few places of the cache.

    Returns
    -------
    points : Points
    end : int
        Where the memory behind them begins.
    """
    step = rows * width + extra
    group = (m + 2) * (m + 2) * step
    return Points(start, rows, width, step, group), start + -(-count // rows) * group


@register_jitable
def tile_at(points, tile):
    """Where the first point of a tile lies."""
    return points.start + tile // points.rows * points.group + tile % points.rows * points.width


@register_jitable
def clear_idle_rows(points, count, m, flat):
    """Zeros for the rows of the last group that have no tile: leftovers there may be slow, or no numbers."""
    some = count % points.rows
    if some:
        for f in range((m + 2) * (m + 2)):
            row = points.start + count // points.rows * points.group + f * points.step
            flat[row + some * points.width : row + points.rows * points.width] = 0
