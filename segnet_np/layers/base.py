"""What every layer has: parameters, two modes, a memory of one forward pass."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.checks import check_gradient, check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished, size_of
from segnet_np.layers.workspace import Workspace


class Parameter:
    """An array that is learned, and its gradient.

    Attributes
    ----------
    data : ndarray
        The values, C-contiguous, in PyTorch's shape. Change them in place: ``p.data[...] = values``.
    grad : ndarray or None
        The sum of the gradients of all `backward` calls since `zero_grad`, of the same shape; None when there
        was none yet.
    """

    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        self.grad: np.ndarray | None = None

    def add_gradient(self, gradient: np.ndarray) -> None:
        """Add to `grad`; the first gradient after `zero_grad` is taken as it is."""
        if self.grad is None:
            self.grad = gradient
        else:
            self.grad += gradient

    def __repr__(self) -> str:
        return f"Parameter(shape={self.data.shape}, dtype={self.data.dtype})"


class Layer:
    """Base of all layers: forward, then backward, once.

    A subclass sets `parameter_names` and writes `forward` and `backward`. `forward` calls :meth:`remember`
    with what backward will need; `backward` gets it from :meth:`recall`, which uses it up.

    Attributes
    ----------
    training : bool
        Whether batch norm takes the statistics of the batch; set by :meth:`train` and :meth:`eval`.
    remembers : bool
        Whether forward keeps what backward needs. Always, but inside a net in eval mode.
    observer : callable, or None
        Is shown every output in a net; :meth:`Net.trace` uses it.
    workspace : Workspace
        Where arrays come from. A net gives all its layers its own.
    """

    parameter_names: tuple[str, ...] = ()
    observer: Callable[[Any], None] | None = None

    def __init__(self) -> None:
        self.training = True
        self.remembers = True
        self.workspace = Workspace(recycles=False)
        self._remembered: tuple[Any, ...] | None = None
        self._input_shape: tuple[int, ...] = ()

    def forward(self, *inputs: Any) -> Any:
        """Compute the output; each layer says how."""
        raise NotImplementedError

    def backward(self, dout: Any) -> Any:
        """Compute the gradient of the input; each layer says how."""
        raise NotImplementedError

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Call :meth:`forward`."""
        return self.forward(*inputs, **options)

    def __init_subclass__(cls, **options: Any) -> None:
        # Who writes a forward or backward of his own, in the class or in a mixin, gets nets to use it: the
        # fast path of a class further up says what that class does, and no longer what this one does.
        super().__init_subclass__(**options)
        for kind in cls.__mro__:
            if "lazy_forward" in vars(kind):
                break
            if "forward" in vars(kind) or "backward" in vars(kind):
                cls.lazy_forward, cls.lazy_backward = Layer.lazy_forward, Layer.lazy_backward  # type: ignore
                break

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> Any:
        """Forward inside a net: from unfinished maps to such, which were checked.

        This one finishes everything and calls :meth:`forward`; layers of this package leave work to the next.
        """
        x = to_nchw(finish(maps, self.workspace))
        output = self.forward(x, *rest)
        self._input_shape = x.shape
        self.show(output)
        out, *others = output if isinstance(output, tuple) else (output,)
        name = type(self).__name__
        check_maps(f"{name}.forward", "what it returns", out, dtype=x.dtype)
        return (finished(to_nhwc(out)), *others) if isinstance(output, tuple) else finished(to_nhwc(out))

    def lazy_backward(self, dmaps: LazyMaps, *options: Any) -> LazyMaps | None:
        """Backward for :meth:`lazy_forward`."""
        dout = to_nchw(finish(dmaps, self.workspace))
        dx = self.backward(dout, *options)
        if dx is None:
            return None
        check_gradient(f"{type(self).__name__}.backward", dx, self._input_shape, dout.dtype, "dx", "x")
        # The block in front writes to it, and whose array a layer of a user's own returns, nobody knows.
        return finished(np.array(to_nhwc(dx)))

    def show(self, output: Any) -> None:
        """Show an output, LazyMaps finished, to the observer, if there is one."""
        if self.observer is not None:
            self.observer(to_nchw(finish(output, self.workspace)) if isinstance(output, LazyMaps) else output)

    def children(self) -> dict[str, "Layer"]:
        """Name the layers that this one is made of; none, unless it says otherwise."""
        return {}

    def parts(self) -> Iterable["Layer"]:
        """Whom modes and workspaces are handed on to: the children, unless blocks stand between."""
        return self.children().values()

    def everyone(self) -> Iterator["Layer"]:
        """This layer, the layers it is made of, those they are made of, and so on."""
        yield self
        for part in self.parts():
            yield from part.everyone()

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield each parameter with its name: ``weight``, or ``conv.weight`` in a layer made of layers."""
        for name in self.parameter_names:
            parameter = getattr(self, name)
            if parameter is not None:  # a convolution may have no bias
                yield name, parameter
        for child_name, child in self.children().items():
            for name, parameter in child.named_parameters():
                yield f"{child_name}.{name}", parameter

    def parameters(self) -> Iterator[Parameter]:
        """Yield each parameter."""
        for _, parameter in self.named_parameters():
            yield parameter

    def train(self, mode: bool = True) -> "Layer":
        """Switch to training mode, or with ``False`` to evaluation mode; return self."""
        self.training = mode
        for part in self.parts():
            part.train(mode)
        return self

    def eval(self) -> "Layer":
        """Switch to evaluation mode; return self."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget all gradients: each `grad` becomes None."""
        for parameter in self.parameters():
            parameter.grad = None

    def use(self, workspace: Workspace, remembers: bool) -> None:
        """Take arrays from `workspace` from now on, and remember forward passes or not; nets call this."""
        self.workspace = workspace
        self.remembers = remembers
        if not remembers:
            self._remembered = None
        for part in self.parts():
            part.use(workspace, remembers)

    def remember(self, shape: tuple[int, ...], dtype: np.dtype, *values: Any) -> None:
        """Keep `values` for backward, whose upstream gradient must have `shape` and `dtype`."""
        self._remembered = (shape, dtype, *values) if self.remembers else None

    def recall(self, dout: Any) -> tuple[Any, ...]:
        """Return the values that forward remembered, once.

        Raises
        ------
        RuntimeError
            If there was no forward since the last backward.
        TypeError, ValueError
            If dout does not fit what forward returned; the memory stays, so that the right call can follow.
        """
        self.check_upstream(dout)
        _, _, *values = self._last_forward()
        self._remembered = None
        return tuple(values)

    def check_upstream(self, dout: Any) -> None:
        """Raise what :meth:`recall` raises."""
        shape, dtype, *_ = self._last_forward()
        check_gradient(type(self).__name__, dout, shape, dtype)

    def recall_inside(self, dmaps: LazyMaps) -> tuple[Any, ...]:
        """Return what forward remembered, once, where the gradient comes from the next layer of a net.

        Raises
        ------
        RuntimeError
            If the gradient does not fit the last forward, because that was no longer the net's.
        """
        shape, dtype, *values = self._last_forward()
        batch, height, width, channels = size_of(dmaps)
        given = (batch, channels, height, width)
        if given != shape or dmaps.raw.dtype != dtype:
            raise RuntimeError(
                f"{type(self).__name__}: a gradient of {given} and {dmaps.raw.dtype} came back to a forward "
                f"pass that gave {shape} and {dtype}; was this layer called between the net's forward and "
                "backward?"
            )
        self._remembered = None
        return tuple(values)

    def _last_forward(self) -> tuple[Any, ...]:
        if self._remembered is None:
            raise RuntimeError(
                f"{type(self).__name__}: backward needs a forward before it, and each forward serves one "
                "backward"
            )
        return self._remembered
