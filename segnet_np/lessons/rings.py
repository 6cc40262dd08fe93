"""Two rings of points and a small net that tells them apart: with the right gradient, and with a wrong one.

The net is a matrix, batch norm, ReLU and another matrix. What is wrong in the second training is the backward
of batch norm, which leaves out that x acts through the variance.
"""

import numpy as np


def points_and_labels(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Scatter points around two circles.

    Parameters
    ----------
    count : int

    Returns
    -------
    points : ndarray, shape (count, 2)
    labels : ndarray of int, shape (count,)
        Which circle each of them lies on, 0 or 1.
    """
    rng = np.random.default_rng(2)
    labels = np.arange(count) % 2
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = 1 + labels + 0.2 * rng.normal(size=count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), labels


def train(term_is_missing: bool, steps: int = 60, rate: float = 2.0) -> list[float]:
    """Train the net from the same weights each time.

    Parameters
    ----------
    term_is_missing : bool
        Whether the gradient is the wrong one.
    steps : int
    rate : float
        The learning rate.

    Returns
    -------
    losses : list of float
        Before each step.
    """
    points, labels = points_and_labels()
    rng = np.random.default_rng(0)
    first, second, offset = rng.normal(size=(2, 16)), rng.normal(size=(16, 1)) / 4, 0.0
    weight, bias = np.ones(16), np.zeros(16)
    losses = []
    for _ in range(steps):
        z = points @ first
        std = np.sqrt(z.var(axis=0) + 1e-5)
        z_hat = (z - z.mean(axis=0)) / std
        hidden = np.maximum(weight * z_hat + bias, 0)
        probability = 1 / (1 + np.exp(-(hidden @ second)[:, 0] - offset))
        losses.append(float(-np.log(np.where(labels, probability, 1 - probability)).mean()))

        dlogit = (probability - labels)[:, None] / len(points)
        dnormed = (dlogit @ second.T) * (hidden > 0)
        dz_hat = dnormed * weight
        dz = dz_hat - dz_hat.mean(axis=0)
        if not term_is_missing:
            dz = dz - z_hat * (dz_hat * z_hat).mean(axis=0)
        offset -= rate * dlogit.sum()
        second -= rate * hidden.T @ dlogit
        weight -= rate * (dnormed * z_hat).sum(axis=0)
        bias -= rate * dnormed.sum(axis=0)
        first -= rate * points.T @ (dz / std)
    return losses


def two_trainings() -> dict[str, list[float]]:
    """Train with the right gradient and with the wrong one.

    Returns
    -------
    losses : dict of str to list of float
        By names that do not say which is which.
    """
    return {"one of the two": train(term_is_missing=False), "the other": train(term_is_missing=True)}
