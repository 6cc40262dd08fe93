"""Lesson 02: a backward of max-pooling with a bug that shows only where maxima are tied."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def bug_pool(dy, x):
    batch, channels, height, width = x.shape
    windows = x.reshape(batch, channels, height // 2, 2, width // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    windows = windows.reshape(batch, channels, height // 2, width // 2, 4)
    first = windows.argmax(axis=-1)  # argmax takes the first of equal ones
    chosen = np.arange(4) == first[..., None]
    dwindows = np.where(chosen, dy[..., None], 0.0).reshape(*dy.shape, 2, 2)
    return dwindows.transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)


def given(dy, x):
    batch, channels, height, width = x.shape
    windows = x.reshape(batch, channels, height // 2, 2, width // 2, 2)
    largest = windows.max(axis=(3, 5), keepdims=True)
    dwindows = np.where(windows == largest, dy[:, :, :, None, :, None], 0.0)
    return dwindows.reshape(x.shape)


def cases() -> list[Case]:
    rng = np.random.default_rng(21)

    def upstream(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        batch, channels, height, width = x.shape
        return rng.normal(size=(batch, channels, height // 2, width // 2)), x

    def plane(*rows: list[float]) -> np.ndarray:
        return np.array(rows)[None, None]

    maps = rng.permutation(2 * 3 * 4 * 6).reshape(2, 3, 4, 6) / 8
    return [
        Case("one window, no tie", upstream(plane([1.0, 2.0], [4.0, 3.0]))),
        Case("a batch of maps without ties", upstream(maps)),
        Case("two equal maxima side by side", upstream(plane([5.0, 5.0, 1.0, 2.0], [1.0, 2.0, 7.0, 7.0]))),
        Case("two equal maxima on a diagonal", upstream(plane([1.0, 6.0, 8.0, 2.0], [6.0, 2.0, 3.0, 8.0]))),
        Case("a flat window, all four equal", upstream(plane([3.0, 3.0, 1.0, 4.0], [3.0, 3.0, 2.0, 0.0]))),
        Case("maps behind a ReLU, where many windows are all zero", upstream(np.maximum(maps - 12, 0))),
        Case("negative numbers only", upstream(maps - 100)),
    ]


def _windows(x):
    batch, channels, height, width = x.shape
    windows = x.reshape(batch, channels, height // 2, 2, width // 2, 2)
    return windows.transpose(0, 1, 2, 4, 3, 5).reshape(batch, channels, height // 2, width // 2, 4)


def _back(dwindows, x, order=(0, 1, 2, 4, 3, 5)):
    pairs = dwindows.reshape(*dwindows.shape[:-1], 2, 2)
    return pairs.transpose(order).reshape(x.shape)


def _shared(dy, x):
    windows = _windows(x)
    tied = windows == windows.max(axis=-1, keepdims=True)
    return _back(tied / tied.sum(axis=-1, keepdims=True) * dy[..., None], x)


def _last(dy, x):
    places = 3 - _windows(x)[..., ::-1].argmax(axis=-1)
    return _back(np.where(np.arange(4) == places[..., None], dy[..., None], 0.0), x)


def _rows_for_columns(dy, x):
    places = _windows(x).argmax(axis=-1)
    return _back(np.where(np.arange(4) == places[..., None], dy[..., None], 0.0), x, (0, 1, 2, 5, 3, 4))


def _column_first(dy, x):
    windows = _windows(x)[..., [0, 2, 1, 3]]
    places = np.array([0, 2, 1, 3])[windows.argmax(axis=-1)]
    return _back(np.where(np.arange(4) == places[..., None], dy[..., None], 0.0), x)


def _no_gradient_at_ties(dy, x):
    windows = _windows(x)
    tied = windows == windows.max(axis=-1, keepdims=True)
    return _back(np.where(tied & (tied.sum(axis=-1, keepdims=True) == 1), dy[..., None], 0.0), x)


def _everywhere(dy, x):
    return np.repeat(np.repeat(dy, 2, axis=2), 2, axis=3)


EXERCISE = Exercise(
    name="bug_pool",
    lesson="02",
    task=(
        "`bug_pool(dy, x)`: mend the backward of 2x2 max-pooling. `x` has shape (N, C, H, W), both sizes "
        "even; `dy` has (N, C, H/2, W/2). Return `dx` of the shape of `x`. Of equal maxima the first, row "
        "by row, is the one, as in the forward pass."
    ),
    outputs=("dx",),
    solution=bug_pool,
    starts_from=given,
    cases=cases,
    hints=(
        "The report says that only the row `ties` fails. On which inputs do two elements of a window "
        "both equal the largest? Add up dx over one such window, by hand, and compare with dy.",
        "Forward copied one number out of each window, so one place alone gets the gradient. A "
        "comparison with the largest marks several. You need a way to choose the first of the marked "
        "ones, row by row.",
        "`argmax` gives the first of equal ones, but along one axis: bring the four numbers of each "
        "window together (transpose to (N, C, H/2, W/2, 2, 2), reshape to 4 in the last axis), mark the "
        "place that argmax names, and go back by the same steps in reverse.",
    ),
    mistakes=(
        Mistake(
            _shared,
            "tied maxima share the gradient. That is a subgradient too, and its sum is right; but "
            "forward remembered one place, the first, and unpooling goes to that one. Give it everything.",
        ),
        Mistake(_last, "of tied maxima you take the last; forward took the first, row by row."),
        Mistake(
            _rows_for_columns,
            "inside each window rows and columns are exchanged on the way back: look at the order of the "
            "axes before the last reshape.",
        ),
        Mistake(
            _column_first,
            "of tied maxima you take the first column by column; the rule is row by row: upper right "
            "comes before lower left.",
        ),
        Mistake(
            _no_gradient_at_ties,
            "windows with a tie get no gradient at all now. Their maximum went forward like any other; "
            "its gradient must arrive at one of them.",
        ),
        Mistake(_everywhere, "each element of a window gets the gradient, the three that lost as well."),
    ),
    see="segnet_np/reference.py, max_pool2d_backward",
)
