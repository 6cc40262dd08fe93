"""What goes wrong in trainings without an error, found early and said in words."""

from collections.abc import Sequence

import numpy as np

# Into how many windows the losses are cut to see whether they rise.
WINDOWS = 10

# Above this share of all pixels, predictions count as a single class.
COLLAPSED = 0.995


def nothing_to_judge(confusion: np.ndarray) -> str | None:
    """Warn when no pixel was counted.

    Parameters
    ----------
    confusion : ndarray of integers, shape (num_classes, num_classes)

    Returns
    -------
    warning : str or None
    """
    if confusion.any():
        return None
    return (
        "warning: the labels of all held-out pictures are void, so there is nothing to judge the weights by; "
        "the newest are kept"
    )


def collapsed(confusion: np.ndarray, names: tuple[str, ...]) -> str | None:
    """Warn when nearly all pixels are predicted as one class although the truth has others.

    Parameters
    ----------
    confusion : ndarray of integers, shape (num_classes, num_classes)
        Row: the true class; column: the predicted one.
    names : tuple of str

    Returns
    -------
    warning : str or None
    """
    total = max(confusion.sum(), 1)
    predicted, true = confusion.sum(0) / total, confusion.sum(1) / total
    top = int(predicted.argmax())
    if predicted[top] < COLLAPSED or true[top] >= COLLAPSED:
        return None
    return (
        f"warning: {100 * predicted[top]:.1f} % of all pixels are predicted as {names[top]}, which only "
        f"{100 * true[top]:.1f} % are; if this stays so, try --class-weights median or another --lr"
    )


def never_predicted(confusion: np.ndarray, names: tuple[str, ...]) -> str | None:
    """Say which classes the held-out pictures have and no prediction has.

    Parameters
    ----------
    confusion : ndarray of integers, shape (num_classes, num_classes)
        Row: the true class; column: the predicted one.
    names : tuple of str

    Returns
    -------
    warning : str or None
    """
    predicted, true = confusion.sum(0), confusion.sum(1)
    missing = [name for name, p, t in zip(names, predicted, true, strict=True) if t and not p]
    return f"warning: now predicted nowhere: {', '.join(missing)}" if missing else None


def rising(losses: Sequence[float]) -> str | None:
    """Warn when the loss has been rising for good.

    The losses are looked at in `WINDOWS` windows. It rises when the last one's mean exceeds the lowest mean
    by a tenth, and by more than chance would, as the spread within the two windows tells.

    Parameters
    ----------
    losses : sequence of float
        Of the steps so far, in their order.

    Returns
    -------
    warning : str or None
    """
    size = len(losses) // WINDOWS
    if size < 5:
        return None
    windows = np.reshape(losses[len(losses) - WINDOWS * size :], (WINDOWS, size))
    means, errors = windows.mean(axis=1), windows.std(axis=1) / np.sqrt(size)
    low = int(means.argmin())
    rise = means[-1] - means[low]
    if rise <= 0.1 * means[low] or rise <= 4 * np.hypot(errors[-1], errors[low]):
        return None
    return (
        f"warning: the loss has risen from {means[low]:.3f} to {means[-1]:.3f} (means of {size} steps); "
        "if this goes on, a lower --lr may help"
    )


def never_seen(counts: np.ndarray, names: tuple[str, ...]) -> str | None:
    """Warn when classes have no pixel in all training labels that were seen.

    Parameters
    ----------
    counts : ndarray of integers, shape (num_classes,)
        Pixels of each class.
    names : tuple of str

    Returns
    -------
    warning : str or None
    """
    missing = [name for name, pixels in zip(names, counts, strict=True) if not pixels]
    if not missing:
        return None
    return (
        f"warning: no pixel of {', '.join(missing)} in the training labels so far; "
        "what is never shown is not learned (check-data counts the labels)"
    )
