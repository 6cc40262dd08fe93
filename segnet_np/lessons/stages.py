"""A look inside a net: what each stage of it sees, which places it remembers, and what comes back from them.

For one picture and each stage there are four things to look at, all of one forward pass (`Net.trace`):

1. the *encoder's map*, the last one before the pooling;
2. the *places*: which of the four pixels of each 2x2 window was the largest. That is all the decoder is told;
3. the *sparse map* after unpooling: values that the decoder brings, at the encoder's places, zeros between;
4. the *dense map* after the decoder's convolutions have filled in the zeros.

A stage has many channels. Shown are the *strongest*: those with the largest product of two spreads (standard
deviations), that of the encoder's map and that of the sparse map, so that on both ways there is something to
see. After the convolutions all channels are mixed and their numbers mean something else; of the dense maps
those are shown that vary most.
"""

from dataclasses import dataclass

import numpy as np

from segnet_np.layers.pooling_indices import PoolingIndices
from segnet_np.models.net import Net
from segnet_np.models.preprocess import resize_image
from segnet_np.models.segnet import EncoderDecoder
from segnet_np.sizes import scaled_size

#: What the offsets 0 to 3 of PoolingIndices mean.
PLACES = ("top left", "top right", "bottom left", "bottom right")


@dataclass(frozen=True)
class Channel:
    """One channel of a stage.

    Attributes
    ----------
    number : int
        In the encoder's map, counted from 0.
    encoder : ndarray, shape (H, W)
        The map before the pooling; none of it is negative.
    pooled : ndarray, shape (PH, PW)
    places : ndarray of uint8, shape (PH, PW)
        0 to 3, as `PLACES` calls them.
    sparse : ndarray, shape (H, W)
        What the unpooling makes with these places.
    dense_number : int
        Of the dense map beside it, which is a channel of another map.
    dense : ndarray, shape (H, W)
        After the decoder's convolutions.
    """

    number: int
    encoder: np.ndarray
    pooled: np.ndarray
    places: np.ndarray
    sparse: np.ndarray
    dense_number: int
    dense: np.ndarray

    @property
    def silent(self) -> np.ndarray:
        """Windows that are zero throughout, bool (PH, PW); of equals the first wins, so their place is 0."""
        return self.pooled == 0

    @property
    def shares(self) -> np.ndarray:
        """How often each of the four places won, as shares of the windows that are not silent."""
        return _shares(self.places, self.silent)


@dataclass(frozen=True)
class Stage:
    """One stage of the encoder and the one of the decoder that it talks to.

    Attributes
    ----------
    number : int
        1 is the first of the encoder, and so the last of the decoder.
    size, pooled_size : (height, width)
        Of its maps before and after the pooling.
    encoder_layer, pool, unpool, decoder_layer : str
        The layers whose outputs are shown, by their names in `Net.trace`.
    num_channels, num_dense : int
        How many channels there are before the pooling, and after the decoder's convolutions.
    channels : tuple of Channel
        The strongest.
    shares : ndarray, shape (4,)
        How often each place won in all channels together; silent windows are not counted.
    silent : float
        The share of silent windows.
    """

    number: int
    size: tuple[int, int]
    pooled_size: tuple[int, int]
    encoder_layer: str
    pool: str
    unpool: str
    decoder_layer: str
    num_channels: int
    num_dense: int
    channels: tuple[Channel, ...]
    shares: np.ndarray
    silent: float

    @property
    def pixels(self) -> int:
        """How many pixels of the picture lie along a side of one pixel of the map before the pooling."""
        return 2 ** (self.number - 1)

    @property
    def index_bytes(self) -> float:
        """What the places take at two bits each."""
        return self.num_channels * self.pooled_size[0] * self.pooled_size[1] / 4

    @property
    def map_bytes(self) -> int:
        """What the whole map would take in float32."""
        return 4 * self.num_channels * self.size[0] * self.size[1]


@dataclass(frozen=True)
class Inside:
    """What there is to see inside a net for one picture.

    Attributes
    ----------
    picture : ndarray of uint8, shape (H, W, 3)
        At the size at which the net looked at it.
    scale : float
        What part of its own size that is.
    stages : tuple of Stage
        From the first to the deepest.
    labels : ndarray of int64
        The predicted class of each pixel of the picture at its own size; of a net with `input_views`, from
        several looks, of which the stages show one.
    confidence : ndarray
        The probability of that class, likewise.
    """

    picture: np.ndarray
    scale: float
    stages: tuple[Stage, ...]
    labels: np.ndarray
    confidence: np.ndarray


def look_inside(net: Net, image: np.ndarray, scale: float | None = None, channels: int = 3) -> Inside:
    """Look at a picture through a net, and keep what its stages see.

    Parameters
    ----------
    net : Net
        A SegNet or SegNetBasic, with any weights.
    image : ndarray of uint8, shape (H, W, 3)
    scale : float, optional
        To what part of its size the picture is brought for the net; its `input_scale` if not given.
    channels : int, default 3
        How many of each stage are kept; fewer where a stage has fewer.

    Returns
    -------
    inside : Inside

    Raises
    ------
    TypeError
        If the net has no stages, or `image` is no array of uint8.
    ValueError
        If the shape of `image` does not fit, or it is too small.
    """
    if not isinstance(net, EncoderDecoder):
        raise TypeError(f"look_inside: expected a SegNet or SegNetBasic, but {type(net).__name__} was given")
    scale = net.input_scale if scale is None else scale
    labels, probabilities = net.predict(image, scale)  # this says what is wrong with the image, if anything
    height, width = image.shape[:2]
    size = scaled_size(height, width, scale)
    picture = image if size == (height, width) else resize_image(image, *size)
    steps = net.trace(net.normalise(picture[None]))
    depth = len(net.pools)
    encoder_layers = [_last_layer(stage) for stage in net.encoder]
    decoder_layers = [_last_layer(stage) for stage in reversed(net.decoder)]
    stages = tuple(
        _stage(number, encoder_layers[number - 1], decoder_layers[number - 1], steps, channels)
        for number in range(1, depth + 1)
    )
    return Inside(picture, scale, stages, labels, probabilities.max(axis=0))


def _last_layer(stage: dict) -> str:
    """The name of the last layer of a stage: ``relu12``, or ``bn_decode4`` where there is no ReLU."""
    name, block = list(stage.items())[-1]
    return f"{list(block.children())[-1]}{name}"


def _stage(
    number: int,
    encoder_layer: str,
    decoder_layer: str,
    steps: dict[str, np.ndarray | PoolingIndices],
    count: int,
) -> Stage:
    names = encoder_layer, f"pool{number}", f"unpool{number}", decoder_layer
    encoder, pooled, sparse, dense = (np.asarray(steps[name])[0] for name in names)
    indices = steps[f"indices{number}"]
    assert isinstance(indices, PoolingIndices)
    places = indices.offsets[0]
    strongest = _largest(_spread(encoder) * _spread(sparse), count)
    varying = _largest(_spread(dense), count)
    varying = np.resize(varying, len(strongest))  # a stage may end with fewer channels than it has
    # Copies, because views would keep the whole maps of a pass in memory.
    chosen = tuple(
        Channel(
            number=int(k),
            encoder=encoder[k].copy(),
            pooled=pooled[k].copy(),
            places=places[k].copy(),
            sparse=sparse[k].copy(),
            dense_number=int(d),
            dense=dense[d].copy(),
        )
        for k, d in zip(strongest, varying, strict=True)
    )
    silent = pooled == 0
    return Stage(
        number=number,
        size=(encoder.shape[1], encoder.shape[2]),
        pooled_size=(pooled.shape[1], pooled.shape[2]),
        encoder_layer=encoder_layer,
        pool=f"pool{number}",
        unpool=f"unpool{number}",
        decoder_layer=decoder_layer,
        num_channels=len(encoder),
        num_dense=len(dense),
        channels=chosen,
        shares=_shares(places, silent),
        silent=float(silent.mean()),
    )


def _spread(maps: np.ndarray) -> np.ndarray:
    """The standard deviation of each channel."""
    return maps.reshape(len(maps), -1).std(axis=1, dtype=np.float64)


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the largest values are, in descending order; of equal ones the first."""
    return np.argsort(-values, kind="stable")[:count]


def _shares(places: np.ndarray, silent: np.ndarray) -> np.ndarray:
    counts = np.bincount(places[~silent], minlength=len(PLACES))
    return counts / max(counts.sum(), 1)
