"""Every operation of SegNet in plain NumPy loops: the specification.

What these functions say is what the fast kernels must compute. They are written to be read, one line for one
idea, and are some thousand times slower than the kernels. They take float arrays in PyTorch's shapes, (N, C,
H, W), and check nothing.

Each `..._backward` takes `dout`, the gradient of some loss with respect to what the function returned, and
returns the gradient of that loss with respect to the function's inputs.
"""

import math

import numpy as np

# --------------------------------------------------------------------------------------------- convolution


def conv2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, padding: int = 0) -> np.ndarray:
    """Slide the kernel over x; each output is the sum of products with the patch beneath.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight : ndarray, shape (O, C, KH, KW)
    bias : ndarray, shape (O,), optional
    padding : int
        Rows and columns of zeros around x.

    Returns
    -------
    out : ndarray, shape (N, O, OH, OW)
        ``OH = H + 2 * padding - KH + 1``, OW likewise.
    """
    out_channels, _, kernel_h, kernel_w = weight.shape
    # docs/derivations/convolution.md (1), (2), (3)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    batch, _, height, width = padded.shape
    out = np.zeros((batch, out_channels, height - kernel_h + 1, width - kernel_w + 1), x.dtype)
    for n, o, i, j in np.ndindex(out.shape):
        patch = padded[n, :, i : i + kernel_h, j : j + kernel_w]
        out[n, o, i, j] = np.sum(patch * weight[o])
        if bias is not None:
            out[n, o, i, j] += bias[o]
    return out


def conv2d_backward(
    dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give each factor of each product its share: the upstream gradient times the other factor.

    Parameters
    ----------
    dout : ndarray, shape (N, O, OH, OW)
    x, weight, padding
        As given to :func:`conv2d`.

    Returns
    -------
    dx : ndarray, shape (N, C, H, W)
    dweight : ndarray, shape (O, C, KH, KW)
    dbias : ndarray, shape (O,)
    """
    _, _, height, width = x.shape
    _, _, kernel_h, kernel_w = weight.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded = np.zeros_like(padded)
    dweight = np.zeros_like(weight)
    dbias = np.zeros_like(weight[:, 0, 0, 0])
    for n, o, i, j in np.ndindex(dout.shape):
        # forward was: out[n, o, i, j] = sum(patch * weight[o]) + bias[o]
        # docs/derivations/convolution.md (5), (7), (9), (10)
        patch = padded[n, :, i : i + kernel_h, j : j + kernel_w]
        dpadded[n, :, i : i + kernel_h, j : j + kernel_w] += dout[n, o, i, j] * weight[o]
        dweight[o] += dout[n, o, i, j] * patch
        dbias[o] += dout[n, o, i, j]
    dx = dpadded[:, :, padding : padding + height, padding : padding + width]
    return dx, dweight, dbias


# ---------------------------------------------------------------------------------------------- batch norm


def batch_norm_train(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normalise each channel by its own mean and variance in this batch, then scale and shift.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight, bias : ndarray, shape (C,)
    running_mean, running_var : ndarray, shape (C,)
        The running statistics so far.
    momentum : float
        How much of this batch goes into them.
    eps : float
        Added to the variance.

    Returns
    -------
    out : ndarray, shape (N, C, H, W)
    running_mean, running_var : ndarray, shape (C,)
        The new running statistics. The variance that goes into them is the unbiased one.
    """
    out = np.zeros_like(x)
    running_mean, running_var = running_mean.copy(), running_var.copy()
    for c in range(x.shape[1]):
        values = x[:, c]
        # docs/derivations/batch_norm.md (1) to (4)
        mean = values.mean()
        var = ((values - mean) ** 2).mean()
        x_hat = (values - mean) / np.sqrt(var + eps)
        out[:, c] = weight[c] * x_hat + bias[c]
        # docs/derivations/batch_norm.md (5), (6)
        unbiased_var = var * values.size / (values.size - 1)
        running_mean[c] = (1 - momentum) * running_mean[c] + momentum * mean
        running_var[c] = (1 - momentum) * running_var[c] + momentum * unbiased_var
    return out, running_mean, running_var


def batch_norm_train_backward(
    dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Go back step by step: x acts directly, through the variance and through the mean.

    Parameters
    ----------
    dout : ndarray, shape (N, C, H, W)
    x, weight, eps
        As given to :func:`batch_norm_train`.

    Returns
    -------
    dx : ndarray, shape (N, C, H, W)
    dweight, dbias : ndarray, shape (C,)
    """
    dx = np.zeros_like(x)
    dweight, dbias = np.zeros_like(weight), np.zeros_like(weight)
    for c in range(x.shape[1]):
        values, count = x[:, c], x[:, c].size
        mean = values.mean()
        var = ((values - mean) ** 2).mean()
        std = np.sqrt(var + eps)
        x_hat = (values - mean) / std
        # forward was: out = weight * x_hat + bias; docs/derivations/batch_norm.md (7), (8), (9)
        dweight[c] = (dout[:, c] * x_hat).sum()
        dbias[c] = dout[:, c].sum()
        dx_hat = dout[:, c] * weight[c]
        # forward was: x_hat = (x - mean) * (var + eps) ** -0.5; docs/derivations/batch_norm.md (10), (12)
        dvar = (dx_hat * (values - mean) * -0.5 * (var + eps) ** -1.5).sum()
        dmean = (-dx_hat / std).sum()
        # forward was: var = mean of (x - mean) ** 2, mean = mean of x; docs/derivations/batch_norm.md (13)
        dx[:, c] = dx_hat / std + dvar * 2 * (values - mean) / count + dmean / count
    return dx, dweight, dbias


def batch_norm_eval(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalise by the running statistics: the same numbers for each batch.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight, bias, running_mean, running_var : ndarray, shape (C,)
    eps : float

    Returns
    -------
    out : ndarray, shape (N, C, H, W)
    """
    out = np.zeros_like(x)
    for c in range(x.shape[1]):
        x_hat = (x[:, c] - running_mean[c]) / np.sqrt(running_var[c] + eps)
        out[:, c] = weight[c] * x_hat + bias[c]
    return out


def batch_norm_eval_backward(
    dout: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and variance are constants here, so only the direct way is left.

    Parameters
    ----------
    dout : ndarray, shape (N, C, H, W)
    x, weight, running_mean, running_var, eps
        As given to :func:`batch_norm_eval`.

    Returns
    -------
    dx : ndarray, shape (N, C, H, W)
    dweight, dbias : ndarray, shape (C,)
    """
    dx = np.zeros_like(x)
    dweight, dbias = np.zeros_like(weight), np.zeros_like(weight)
    for c in range(x.shape[1]):
        std = np.sqrt(running_var[c] + eps)
        # forward was: out = weight * (x - running_mean) / std + bias; docs/derivations/batch_norm.md (20)
        dx[:, c] = dout[:, c] * weight[c] / std
        dweight[c] = (dout[:, c] * (x[:, c] - running_mean[c]) / std).sum()
        dbias[c] = dout[:, c].sum()
    return dx, dweight, dbias


# ---------------------------------------------------------------------------------------------------- ReLU


def relu(x: np.ndarray) -> np.ndarray:
    """Zero where x is not positive; a NaN stays."""
    out = x.copy()
    out[x <= 0] = 0
    return out


def relu_backward(dout: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient passes where x did."""
    dx = dout.copy()
    dx[x <= 0] = 0
    return dx


# ------------------------------------------------------------------------------------ pooling and unpooling


def max_pool2d(x: np.ndarray, ceil_mode: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Keep the largest value of each 2x2 window and remember where it stood.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    ceil_mode : bool
        Whether the last row or column of an odd map gets a window that hangs over the edge, or is left out.

    Returns
    -------
    y : ndarray, shape (N, C, PH, PW)
    indices : ndarray of int64, shape (N, C, PH, PW)
        Row-major position ``row * W + column`` of each maximum in its plane.
    """
    batch, channels, height, width = x.shape
    rounded = math.ceil if ceil_mode else math.floor
    y = np.zeros((batch, channels, rounded(height / 2), rounded(width / 2)), x.dtype)
    indices = np.zeros(y.shape, np.int64)
    for n, c, i, j in np.ndindex(y.shape):
        best, where = x[n, c, 2 * i, 2 * j], (2 * i, 2 * j)
        for row in range(2 * i, min(2 * i + 2, height)):
            for column in range(2 * j, min(2 * j + 2, width)):
                value = x[n, c, row, column]
                # Strictly greater: of equal values the first one stays. A NaN always wins.
                if value > best or np.isnan(value):
                    best, where = value, (row, column)
        # docs/derivations/pooling_and_unpooling.md (1), (2)
        y[n, c, i, j] = best
        indices[n, c, i, j] = where[0] * width + where[1]
    return y, indices


def max_pool2d_backward(dy: np.ndarray, indices: np.ndarray, input_size: tuple[int, int]) -> np.ndarray:
    """Each y is a copy of one x, which gets all of its gradient: the same scattering as unpooling."""
    # forward was: y[i, j] = x[indices[i, j]]; docs/derivations/pooling_and_unpooling.md (6)
    return max_unpool2d(dy, indices, input_size)


def max_unpool2d(y: np.ndarray, indices: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    """Put each value where its index says, zeros everywhere else.

    Parameters
    ----------
    y : ndarray, shape (N, C, PH, PW)
    indices : ndarray of int64, shape (N, C, PH, PW)
        Row-major positions in planes of `output_size`.
    output_size : tuple of int
        (H, W) before pooling.

    Returns
    -------
    out : ndarray, shape (N, C, H, W)
    """
    batch, channels, _, _ = y.shape
    height, width = output_size
    out = np.zeros((batch, channels, height, width), y.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        row, column = divmod(indices[n, c, i, j], width)
        out[n, c, row, column] = y[n, c, i, j]  # docs/derivations/pooling_and_unpooling.md (7)
    return out


def max_unpool2d_backward(dout: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Collect the gradient from where each value was put."""
    width = dout.shape[3]
    dy = np.zeros(indices.shape, dout.dtype)
    for n, c, i, j in np.ndindex(indices.shape):
        # forward was: out[row, column] = y[i, j]; docs/derivations/pooling_and_unpooling.md (8)
        row, column = divmod(indices[n, c, i, j], width)
        dy[n, c, i, j] = dout[n, c, row, column]
    return dy


# ---------------------------------------------------------------------------------------------------- loss


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the classes, (N, num_classes, H, W). Subtracting the maximum prevents overflow."""
    # docs/derivations/softmax_cross_entropy.md (2)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def softmax_cross_entropy(
    logits: np.ndarray,
    labels: np.ndarray,
    class_weights: np.ndarray | None = None,
    ignore_index: int | None = None,
) -> tuple[float, np.ndarray]:
    """Mean of ``-log(probability of the label)``, weighted by class, without the ignored pixels.

    Parameters
    ----------
    logits : ndarray, shape (N, num_classes, H, W)
    labels : ndarray of integers, shape (N, H, W)
    class_weights : ndarray, shape (num_classes,), optional
    ignore_index : int, optional

    Returns
    -------
    loss : float
    dlogits : ndarray, shape (N, num_classes, H, W)
    """
    probabilities = softmax(logits)
    loss, total_weight = 0.0, 0.0
    dlogits = np.zeros_like(logits)
    for n, i, j in np.ndindex(labels.shape):
        label = labels[n, i, j]
        if label == ignore_index:
            continue
        weight = 1.0 if class_weights is None else class_weights[label]
        # docs/derivations/softmax_cross_entropy.md (3), (4)
        loss -= weight * np.log(probabilities[n, label, i, j])
        total_weight += weight
        # loss was: log(sum of exp(logits)) - logits[label]
        # docs/derivations/softmax_cross_entropy.md (6), (7)
        dlogits[n, :, i, j] = weight * probabilities[n, :, i, j]
        dlogits[n, label, i, j] -= weight
    if total_weight == 0:
        return 0.0, np.zeros_like(logits)
    return float(loss / total_weight), dlogits / total_weight
