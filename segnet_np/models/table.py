"""A net as a table for people: its layers by name, and how many parameters each has."""

from typing import Any


def table_of_layers(net: Any) -> str:
    """Write the table that ``print(net)`` shows.

    Parameters
    ----------
    net : Net

    Returns
    -------
    table : str
    """
    rows = [("name", "layer", "parameters")]
    for name, layer in net.children().items():
        count = sum(parameter.data.size for parameter in layer.parameters())
        rows.append((name, repr(layer), f"{count:,}" if count else ""))
    wide, wider = (max(len(row[k]) for row in rows) for k in (0, 1))
    table = [f"{name:<{wide}}  {text:<{wider}}  {count:>10}".rstrip() for name, text, count in rows]
    total = sum(parameter.data.size for parameter in net.parameters())
    size = f"{total:,} parameters, {total * net.dtype.itemsize / 1e6:.1f} MB as {net.dtype.name}"
    return "\n".join([repr(net), *table, size])
