"""What is under check: a float64 copy of somebody's layer or net, and how to ask it for gradients.

Nothing is known of the object but its three methods, so nothing else is used: ``forward(*inputs)``,
``backward(dout)`` and ``parameters()`` (or ``named_parameters()``, which also gives the rows their
names), yielding objects with ``.data`` and ``.grad``.

The copy's gradients start as the object has them: ``None`` stays None, an array is filled with zeros.
So layers that add to ``.grad``, that write it, and that expect zeros there all give the plain gradient.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeGuard

import numpy as np

from segnet_np.verify.float64_copy import float64_copy


class Differentiable(Protocol):
    """What :func:`segnet_np.gradcheck` can check."""

    def forward(self, *inputs: Any) -> Any:
        """Return the output, or a tuple that begins with it."""

    def backward(self, dout: Any) -> Any:
        """Return the gradient of the input, or a tuple of them, and leave those of the parameters."""

    def parameters(self) -> Any:
        """Return or yield objects with ``.data`` and ``.grad``."""


class Subject:
    """A float64 copy of a layer or net together with the inputs it is checked on.

    Parameters
    ----------
    original : object
        With `forward`, `backward` and `parameters` or `named_parameters`. It is not changed.
    inputs : tuple
        What `forward` takes. Float arrays are differentiated, as float64 copies; all else (pooling indices,
        integer arrays, sizes) is passed through.

    Attributes
    ----------
    inputs : tuple
        The inputs, float arrays as float64 copies.
    arrays : dict of str to ndarray
        Everything that is differentiated, by name, inputs first: the very arrays that the copy reads, so
        that moving them in place moves its output.
    touched : set of str
        What forward or backward wrote to although it belongs to the caller.

    Raises
    ------
    TypeError
        When a method is missing, a parameter is not one, or the object cannot be copied.
    ValueError
        When an input is empty or not finite.
    """

    def __init__(self, original: Any, inputs: tuple[Any, ...]) -> None:
        _expect_methods(original)
        self.kind = type(original).__name__
        self.touched: set[str] = set()
        self.inputs = tuple(_as_input(value, place) for place, value in enumerate(inputs))
        places = [place for place, value in enumerate(self.inputs) if is_float_array(value)]
        if not places:
            given = ", ".join(_describe(value) for value in inputs) or "nothing"
            raise TypeError(f"gradcheck: x holds no float array to differentiate, only: {given}")
        self._places = {"input" if len(places) == 1 else f"input[{p}]": p for p in places}
        self._layer = float64_copy(original)
        self._drawn_from = [(g, g.bit_generator.state) for g in _generators(self._layer)]
        theirs, ours = dict(_named(original)), dict(_named(self._layer))
        for name, parameter in ours.items():
            if name in theirs and np.shares_memory(parameter.data, theirs[name].data):
                raise TypeError(
                    f"gradcheck: a deep copy of {self.kind} still holds the original's parameter {name!r}; "
                    "expected an object that owns its parameters, so that the check can move them"
                )

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        inputs = {name: self.inputs[place] for name, place in self._places.items()}
        return inputs | {name: parameter.data for name, parameter in _named(self._layer)}

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(self._places)

    @property
    def layer(self) -> Any:
        """The float64 copy itself."""
        return self._layer

    def forward(self, inputs: tuple[Any, ...] | None = None) -> np.ndarray:
        """Run forward on copies of the inputs and return a copy of the (first) output."""
        return self.outputs(inputs)[0]

    def outputs(self, inputs: tuple[Any, ...] | None = None) -> tuple[Any, ...]:
        """Run forward on copies of the inputs: all that it returns, as a tuple that begins with an array."""
        self._meant = self.inputs if inputs is None else inputs
        self._passed = _copies(self._meant)
        # What drops numbers at random drops the same ones each time.
        for generator, state in self._drawn_from:
            generator.bit_generator.state = state
        result = self._layer.forward(*self._passed)
        outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
        if not outputs or not isinstance(outputs[0], np.ndarray | np.number | float):
            given = type(outputs[0] if outputs else result).__name__
            raise TypeError(
                f"gradcheck: {self.kind}.forward returned {given}; expected an ndarray or a number"
            )
        return (np.array(outputs[0]), *outputs[1:])

    def backward(self, dout: np.ndarray) -> dict[str, Any]:
        """Run backward and collect, by name, whatever it left: arrays (copied), None, or something else."""
        passed = dout.copy() if dout.ndim else dout[()]
        returned = self._layer.backward(passed)
        if not np.array_equal(passed, dout):
            self.touched.add("dout")
        if not all(_same(a, b) for a, b in zip(self._passed, self._meant, strict=True)):
            self.touched.add("its input")
        gradients = self._of_inputs(returned)
        gradients |= {name: getattr(parameter, "grad", None) for name, parameter in _named(self._layer)}
        return {name: g.copy() if isinstance(g, np.ndarray) else g for name, g in gradients.items()}

    def gradients(self, dout: np.ndarray, inputs: tuple[Any, ...] | None = None) -> dict[str, Any]:
        """Clear the gradients, run forward and backward once, and collect the gradients by name."""
        self.clear()
        self.forward(inputs)
        return self.backward(dout)

    @contextmanager
    def at(self, inputs: tuple[Any, ...]) -> Iterator[None]:
        """Give the float inputs other values, in place, for a while."""
        pairs = [
            (ours, theirs) for ours, theirs in zip(self.inputs, inputs, strict=True) if is_float_array(ours)
        ]
        kept = [ours.copy() for ours, _ in pairs]
        try:
            for ours, theirs in pairs:
                ours[...] = theirs
            yield
        finally:
            for (ours, _), values in zip(pairs, kept, strict=True):
                ours[...] = values

    def clear(self) -> None:
        """Forget the gradients: arrays are filled with zeros, None stays None."""
        for _, parameter in _named(self._layer):
            gradient = getattr(parameter, "grad", None)
            if isinstance(gradient, np.ndarray):
                gradient[...] = 0

    def another_input(self, rng: np.random.Generator) -> tuple[Any, ...]:
        """Make inputs of the same shapes and kinds with the values of each float array shuffled."""
        return tuple(
            rng.permutation(value.ravel()).reshape(value.shape) if is_float_array(value) else value
            for value in self.inputs
        )

    def _of_inputs(self, returned: Any) -> dict[str, Any]:
        names, places = list(self._places), list(self._places.values())
        if isinstance(returned, tuple | list):
            if len(returned) == len(self.inputs):
                return {name: returned[place] for name, place in zip(names, places, strict=True)}
            if len(returned) == len(names):
                return dict(zip(names, returned, strict=True))
            return dict.fromkeys(names, f"a tuple of {len(returned)}")
        if len(names) == 1:
            return {names[0]: returned}
        return dict.fromkeys(names, f"{type(returned).__name__} instead of {len(names)} gradients")


def _generators(layer: Any) -> Iterator[np.random.Generator]:
    """Yield what a layer, and the layers that it is made of, draw random numbers from."""
    for part in layer.everyone() if callable(getattr(layer, "everyone", None)) else (layer,):
        for value in getattr(part, "__dict__", {}).values():
            if isinstance(value, np.random.Generator):
                yield value


def is_float_array(value: Any) -> TypeGuard[np.ndarray]:
    """Whether `value` is an ndarray that can be differentiated by."""
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)


def _expect_methods(original: Any) -> None:
    wanted = "forward(*inputs), backward(dout) and parameters()"
    if isinstance(original, type):
        raise TypeError(f"gradcheck: the class {original.__name__} was given; expected an object of it")
    for method in ("forward", "backward"):
        if not callable(getattr(original, method, None)):
            name = type(original).__name__
            raise TypeError(f"gradcheck: {name} has no method {method}(); expected an object with {wanted}")
    if not any(callable(getattr(original, name, None)) for name in ("parameters", "named_parameters")):
        raise TypeError(
            f"gradcheck: {type(original).__name__} has no method parameters(); expected an object with "
            f"{wanted}: the last yields objects with .data and .grad, or nothing where nothing is learned"
        )


def _as_input(value: Any, place: int) -> Any:
    if not is_float_array(value):
        return value
    if not value.size:
        raise ValueError(f"gradcheck: input {place} of shape {value.shape} is empty")
    if not np.isfinite(value).all():
        raise ValueError(f"gradcheck: input {place} holds NaN or infinity; differences need finite numbers")
    return np.array(value, dtype=np.float64, order="C")


def _copies(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.copy() if isinstance(value, np.ndarray) else value for value in inputs)


def _same(a: Any, b: Any) -> bool:
    return a is b or not isinstance(a, np.ndarray) or np.array_equal(a, b)


def _named(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parameters with their names, ``parameters()[k]`` where they have none."""
    if callable(getattr(layer, "named_parameters", None)):
        named = layer.named_parameters()
        pairs = list(named.items() if isinstance(named, dict) else named)
    else:
        parameters = list(layer.parameters())
        attributes = {id(value): name for name, value in getattr(layer, "__dict__", {}).items()}
        pairs = [(attributes.get(id(p), f"parameters()[{k}]"), p) for k, p in enumerate(parameters)]
    for name, parameter in pairs:
        data = None if isinstance(parameter, np.ndarray) else getattr(parameter, "data", None)
        if not is_float_array(data):
            given = type(parameter).__name__ + ("" if data is None else f" with .data of {_describe(data)}")
            raise TypeError(
                f"gradcheck: {type(layer).__name__} gives {given} as parameter {name!r}; expected an object "
                "with .data (a float ndarray) and .grad"
            )
        yield name, parameter


def _describe(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} of dtype {value.dtype}" if isinstance(value, np.ndarray) else kind
