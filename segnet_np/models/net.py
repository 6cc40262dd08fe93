"""What both nets share: names, modes, one forward and one backward at a time, pictures in and labels out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.kernels.kernel import check_threads
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import (
    check_array,
    check_count,
    check_flag,
    check_maps,
    check_number,
    float_dtype,
)
from segnet_np.layers.layout import to_nchw
from segnet_np.layers.pooling_indices import PoolingIndices
from segnet_np.layers.softmax_cross_entropy import softmax
from segnet_np.layers.workspace import Workspace
from segnet_np.models import preprocess
from segnet_np.models.state_dict import read_state, write_state
from segnet_np.models.table import table_of_layers
from segnet_np.models.views import SIZES, mean_of_views
from segnet_np.sizes import scaled_size

# A setting that goes without saying.
_NONE = ("dropout", 0)


class Net(Layer):
    """Base of the nets. A subclass builds its layers in `__init__` and says how they follow each other in
    `run_forward` and `run_backward`.

    Attributes
    ----------
    config : dict
        What `__init__` was given, with ``"model"``: enough to build the same net again.
    input_mean, input_std : tuple of float
        How pictures are normalised, one number a channel: ``(rgb / 255 - mean) / std``. Training sets them,
        as it sets the next four, and they are saved with the weights.
    input_normalisation : str
        ``"standard"`` for that, or another one of :mod:`segnet_np.models.preprocess`.
    input_scale : float
        To what part of their size :meth:`predict` brings pictures, because the net was trained on such; with
        `input_views`, the size that the views are parts and multiples of.
    input_side : int, or None
        How many pixels the shorter side of the training pictures had, the median of them, before they were
        made smaller.
    input_views : bool
        Whether :meth:`predict` takes the mean of several looks (:mod:`segnet_np.models.views`).
    class_names : tuple of str, or None
        What the classes are called, if training said so.
    class_colours : tuple of (r, g, b), or None
        How to paint them.
    """

    model = ""
    min_size = 0

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        width: int,
        dtype: DTypeLike,
        ceil_mode: bool,
        dropout: float = 0,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.in_channels = check_count(name, "in_channels", in_channels, 1)
        self.num_classes = check_count(name, "num_classes", num_classes, 1)
        self.width = check_count(name, "width", width, 1)
        self.dtype = float_dtype(name, dtype)
        self.ceil_mode = check_flag(name, "ceil_mode", ceil_mode)
        self.dropout = check_number(name, "dropout", dropout, most=1)
        self.config: dict[str, Any] = {
            "model": self.model,
            "in_channels": self.in_channels,
            "num_classes": self.num_classes,
            "width": self.width,
            "dtype": self.dtype.name,
            "ceil_mode": self.ceil_mode,
            "dropout": self.dropout,
        }
        self.input_mean: tuple[float, ...] = (0.5,) * in_channels
        self.input_std: tuple[float, ...] = (0.25,) * in_channels
        self.input_normalisation = preprocess.NORMALISATIONS[0]
        self.input_scale = 1.0
        self.input_side: int | None = None
        self.input_views = False
        self.class_names: tuple[str, ...] | None = None
        self.class_colours: tuple[tuple[int, int, int], ...] | None = None
        self.workspace = Workspace()
        self._last_shape: tuple[int, ...] = ()
        self._lock = threading.RLock()

    def run_forward(self, x: np.ndarray) -> np.ndarray:
        """Pass x through the layers; x was checked."""
        raise NotImplementedError

    def run_backward(self, dlogits: np.ndarray, input_grad: bool) -> np.ndarray | None:
        """Pass the gradient back through the layers; dlogits was checked."""
        raise NotImplementedError

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Compute the logits of each pixel.

        In training mode batch norm uses the statistics of this batch, and the net remembers what backward
        needs. In evaluation mode it uses the running statistics and remembers nothing.

        Parameters
        ----------
        x : ndarray, shape (N, in_channels, H, W)
            Normalised as :meth:`normalise` does; H and W at least `min_size`, odd sizes included.

        Returns
        -------
        logits : ndarray, shape (N, num_classes, H, W)

        Raises
        ------
        TypeError
            If x is no ndarray of the net's dtype.
        ValueError
            If its shape does not fit.
        """
        name = type(self).__name__
        check_maps(name, "x", x, self.in_channels, self.dtype)
        height, width = x.shape[2:]
        if min(height, width) < self.min_size:
            raise ValueError(
                f"{name}: H and W must be at least {self.min_size}, because each pooling halves them, "
                f"but {height}x{width} was given"
            )
        check_threads(name)  # before the lock, which a thread of a parent process may hold for ever
        with self._lock:
            if x.shape != self._last_shape:
                # Arrays for maps of another size would never be asked for again.
                self.workspace.clear()
                self._last_shape = x.shape
            self._remembered = None  # if this pass is interrupted, there is none to go backward from
            logits = self.run_forward(x)
            self.remember(logits.shape, logits.dtype)
        return logits

    def backward(self, dlogits: np.ndarray, input_grad: bool = True) -> np.ndarray | None:
        """Add to the gradients of all parameters, and return the gradient of x.

        Parameters
        ----------
        dlogits : ndarray, shape (N, num_classes, H, W)
            Gradient of the loss with respect to the logits.
        input_grad : bool, default True
            Whether dx is wanted; training does without.

        Returns
        -------
        dx : ndarray, shape (N, in_channels, H, W), or None

        Raises
        ------
        RuntimeError
            In evaluation mode, or if no forward came before.
        TypeError, ValueError
            If dlogits does not fit what `forward` returned.
        """
        with self._lock:
            if not self.training:
                raise RuntimeError(
                    f"{type(self).__name__}: a net in evaluation mode remembers nothing to go backward with; "
                    "call train() before forward"
                )
            self.recall(dlogits)
            return self.run_backward(dlogits, input_grad)

    def seed_dropout(self, *key: int) -> None:
        """Draw what dropout drops from `key` from now on; a net without dropout has nothing to do.

        Parameters
        ----------
        *key : int
            Not negative, such as the seed of a training and the number of its step.
        """

    def train(self, mode: bool = True) -> "Net":
        """Switch to training mode, or with ``False`` to evaluation mode; return self."""
        with self._lock:
            super().train(mode)
            self.use(self.workspace, remembers=bool(mode))
        return self

    def normalise(self, images: np.ndarray) -> np.ndarray:
        """Turn pictures into what the net was trained on.

        Parameters
        ----------
        images : ndarray of uint8, shape (N, H, W, in_channels)

        Returns
        -------
        x : ndarray, shape (N, in_channels, H, W)
            In the net's dtype.

        Raises
        ------
        TypeError
            If `images` is no array of uint8.
        ValueError
            If its shape does not fit.
        """
        name = type(self).__name__
        check_array(name, "images", images)
        if images.dtype != np.uint8:
            raise TypeError(f"{name}: images must be uint8, 0 to 255, but have dtype {images.dtype}")
        if images.ndim != 4 or images.shape[3] != self.in_channels:
            raise ValueError(
                f"{name}: images must have shape (N, H, W, {self.in_channels}), but {images.shape} was given"
            )
        x = preprocess.normalise(
            images, self.input_normalisation, self.input_mean, self.input_std, self.dtype
        )
        return to_nchw(x)

    def predict(self, image: np.ndarray, scale: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Segment one picture, in evaluation mode whatever the mode of the net is.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, in_channels)
        scale : float, optional
            To what part of its size the picture is brought for the net; `input_scale` if not given.

        Returns
        -------
        labels : ndarray of int64, shape (H, W)
            The most probable class of each pixel.
        probabilities : ndarray, shape (num_classes, H, W)
            Where the scale is not 1, computed for the smaller picture and interpolated; where `input_views`
            is set, the mean of several looks.

        Raises
        ------
        TypeError
            If `image` is no array of uint8.
        ValueError
            If its shape does not fit or it is too small.
        """
        name = type(self).__name__
        check_array(name, "image", image)
        if image.ndim != 3 or image.shape[2] != self.in_channels:
            raise ValueError(
                f"{name}: image must have shape (H, W, {self.in_channels}), but {image.shape} was given"
            )
        self.normalise(image[None, :1, :1])  # what is no picture shall not be resized first
        scale = self.input_scale if scale is None else check_number(name, "scale", scale, most=4)
        smallest = scale * self.smallest_view
        height, width = image.shape[:2]
        if smallest != 1 and min(scaled_size(height, width, smallest)) < self.min_size:
            looks = "in the smallest of several looks (input_views) " if self.input_views else ""
            raise ValueError(
                f"{name}: {looks}pictures are brought to {smallest:g} of their size, and "
                f"then must be at least {self.min_size}x{self.min_size}; {height}x{width} was given"
            )
        with self._lock, self._evaluating():  # all looks by the same weights
            look = self._probabilities
            probabilities = mean_of_views(look, image, scale) if self.input_views else look(image, scale)
        return probabilities.argmax(axis=0), probabilities

    @property
    def smallest_view(self) -> float:
        """The smallest part of its scale at which `predict` looks at a picture; 1 where it looks once."""
        return min(SIZES) if self.input_views else 1.0

    def _probabilities(self, image: np.ndarray, scale: float) -> np.ndarray:
        """What one look at a picture gives, at the picture's own size; the net is in evaluation mode."""
        height, width = image.shape[:2]
        size = scaled_size(height, width, scale)
        if size == (height, width):
            return softmax(self.forward(self.normalise(image[None])))[0]
        x = self.normalise(preprocess.resize_image(image, *size)[None])
        return preprocess.resize_maps(softmax(self.forward(x))[0], height, width)

    def trace(self, x: np.ndarray) -> dict[str, np.ndarray | PoolingIndices]:
        """Keep every map of one forward pass, for looking at.

        Runs in evaluation mode and leaves the net as it was.

        Parameters
        ----------
        x : ndarray, shape (N, in_channels, H, W)

        Returns
        -------
        steps : dict
            The output of each layer by its name, in the order in which they were computed; beside each
            ``pool1`` the ``indices1`` that went to the decoder.

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        steps: dict[str, np.ndarray | PoolingIndices] = {"input": x}

        def watch(name: str, output: Any) -> None:
            if isinstance(output, tuple):
                steps[name], steps[name.replace("pool", "indices")] = output
            else:
                steps[name] = output

        with self._lock, self._evaluating():
            for name, layer in self.children().items():
                layer.observer = lambda output, name=name: watch(name, output)
            try:
                self.forward(x)
            finally:
                for layer in self.children().values():
                    layer.observer = None
        return steps

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copy all weights and statistics out.

        Returns
        -------
        state : dict of ndarray
            C-contiguous copies under the names of the usual PyTorch version: ``conv11.weight``,
            ``bn11.running_mean``...
        """
        with self._lock:
            return read_state(self.children())

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Copy weights and statistics in; all of them or, if anything is wrong, none.

        Parameters
        ----------
        state : dict of ndarray
            As :meth:`state_dict` returns it; ``num_batches_tracked`` may be absent.

        Raises
        ------
        TypeError
            If an entry is no array of the net's dtype.
        ValueError
            If entries are missing, unknown or of another shape. The message names all of them.
        """
        with self._lock:
            write_state(type(self).__name__, self.children(), state)

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """Evaluation mode for the length of a block; what a forward in training mode remembered stays."""
        # Each layer's own state, because a user may have frozen some of them.
        names = ("training", "remembers", "_remembered", "_input_shape")
        before = [(layer, {name: getattr(layer, name) for name in names}) for layer in self.everyone()]
        self.eval()
        try:
            yield
        finally:
            for layer, state in before:
                vars(layer).update(state)

    def __getstate__(self) -> dict[str, Any]:
        # A lock cannot be copied; a copy of the net gets its own.
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())

    def __str__(self) -> str:
        return table_of_layers(self)

    def __repr__(self) -> str:
        said = {key: value for key, value in self.config.items() if key != "model" and (key, value) != _NONE}
        settings = ", ".join(f"{key}={value!r}" for key, value in said.items())
        return f"{type(self).__name__}({settings})"
