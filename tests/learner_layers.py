"""Layers as a learner writes them: plain NumPy, no base class, each an object with three methods.

`bug` plants a common mistake into backward; every layer is right without one.
"""

import numpy as np


class Weights:
    """The least a parameter can be."""

    def __init__(self, data):
        self.data = data
        self.grad = None


class Linear:
    """y = x @ W + b for x (N, C), W (C, O); writes its gradients instead of adding them."""

    def __init__(self, inputs=4, outputs=3, dtype=np.float32, bug=""):
        rng = np.random.default_rng(5)
        self.weight = Weights(rng.normal(size=(inputs, outputs)).astype(dtype))
        self.bias = Weights(np.zeros(outputs, dtype))
        self.bug = bug

    def parameters(self):
        return [self.weight, self.bias]

    def forward(self, x):
        if self.bug != "first x" or not hasattr(self, "x"):
            self.x = x
        if self.bug.startswith("casts"):
            y = x.astype(np.float32) @ self.weight.data.astype(np.float32)
            return y + (self.bias.data if "middle" in self.bug else self.bias.data.astype(np.float32))
        if self.bug == "square":
            return np.square(x @ self.weight.data) + self.bias.data
        return x @ self.weight.data + self.bias.data

    def backward(self, dout):
        x = self.x
        self.weight.grad = {
            "transposed": lambda: dout.T @ x,
            "none": lambda: None,
            "nan": lambda: np.where(x.T @ dout > 0, np.nan, x.T @ dout),
            "list": lambda: (x.T @ dout).tolist(),
            "mean": lambda: x.T @ dout / len(x),
            "zero": lambda: np.zeros_like(self.weight.data),
            "sign": lambda: -(x.T @ dout),
            "twice": lambda: 2 * (x.T @ dout),
            "ones": lambda: x.T @ np.ones_like(dout),
        }.get(self.bug, lambda: x.T @ dout)()
        self.bias.grad = {
            "no sum": lambda: dout,
            "one row": lambda: dout[0],
            "sum of all": lambda: np.full(dout.shape[1], dout.sum()),
            "half adds": lambda: dout.sum(axis=0) + (0 if self.bias.grad is None else self.bias.grad),
            "adds half": lambda: dout.sum(axis=0) + (0 if self.bias.grad is None else self.bias.grad / 2),
            "as a row": lambda: dout.sum(axis=0, keepdims=True),
        }.get(self.bug, lambda: dout.sum(axis=0))()
        if self.bug == "writes dout":
            dx = dout @ self.weight.data.T
            dout *= 0
            return dx
        return dout @ self.weight.data.T


class BatchNorm:
    """Over the rows of x (N, C), with scale and shift; adds its gradients to arrays of zeros."""

    def __init__(self, features=4, bug=""):
        self.gamma = Weights(np.linspace(0.5, 2.0, features))
        self.beta = Weights(np.linspace(-1.0, 1.0, features))
        self.gamma.grad, self.beta.grad = np.ones(features), np.ones(features)
        self.bug = bug

    def named_parameters(self):
        return {"gamma": self.gamma, "beta": self.beta}

    def forward(self, x):
        self.std = np.sqrt(x.var(axis=0) + 1e-5)
        self.x_hat = (x - x.mean(axis=0)) / self.std
        return self.gamma.data * self.x_hat + self.beta.data

    def backward(self, dout):
        self.gamma.grad += (dout * self.x_hat).sum(axis=0)
        self.beta.grad += dout.sum(axis=0)
        d = dout * self.gamma.data
        if self.bug != "no mean term":
            d = d - d.mean(axis=0)
        if self.bug == "no x_hat term":
            return d / self.std
        return (d - self.x_hat * (d * self.x_hat).mean(axis=0)) / self.std


class ReLU:
    def __init__(self, bug=""):
        self.bug = bug

    def parameters(self):
        return []

    def forward(self, x):
        self.x = x
        if self.bug == "in place":
            x[x < 0] = 0
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout if self.bug == "no mask" else dout * (self.x > 0)


class Pool:
    """2x2 max-pooling of x (N, C, H, W) with even H, W."""

    def __init__(self, bug=""):
        self.bug = bug

    def parameters(self):
        return []

    def forward(self, x):
        n, c, h, w = x.shape
        self.windows = (
            x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        )
        return self.windows.max(axis=-1)

    def backward(self, dout):
        n, c, h, w = dout.shape
        tied = self.windows == self.windows.max(axis=-1, keepdims=True)
        if self.bug == "both":
            share = tied * 1.0
        else:
            places = 3 - tied[..., ::-1].argmax(-1) if self.bug == "last" else tied.argmax(-1)
            if self.bug == "shared":
                share = tied / tied.sum(-1, keepdims=True)
            else:
                places = (places + 1) % 4 if self.bug == "next place" else places
                share = np.eye(4)[places]
        if self.bug == "everywhere":
            share = np.ones_like(share)
        d = (share * dout[..., None]).reshape(n, c, h, w, 2, 2)
        order = (0, 1, 2, 5, 3, 4) if self.bug == "rows for columns" else (0, 1, 2, 4, 3, 5)
        return d.transpose(order).reshape(n, c, 2 * h, 2 * w)
