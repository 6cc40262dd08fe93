"""What all optimizers share: parameter groups, the learning rate, their state.

The semantics are those of ``torch.optim``: a group is a dict with its own settings, a parameter whose
gradient is None is skipped, and each parameter's state begins at its first step.
"""

from collections.abc import Iterable
from itertools import count
from typing import Any

import numpy as np

from segnet_np.layers.checks import FLOATS, check_number


class Optimizer:
    """The base of SGD and AdamW: bookkeeping, no arithmetic.

    Parameters
    ----------
    params : iterable of Parameter, or iterable of dict
        What to train: objects with ``.data`` and ``.grad``; or groups of them, dicts with ``"params"`` and
        any of the settings that shall differ from the defaults.
    defaults : dict
        The settings of a group that names none.

    Attributes
    ----------
    param_groups : list of dict
        The groups, each with ``"params"`` and all settings; change a setting there and the next step uses it.

    Raises
    ------
    TypeError
        When something in `params` has no ``.data`` and ``.grad``, its data is no ndarray of float32 or
        float64, or a setting is no number.
    ValueError
        When there is no parameter, one appears twice or is not contiguous, or a setting is unknown or out of
        range.
    """

    # What `_move` keeps of a parameter: "step" is an int64 scalar, all else has the shape and dtype of it.
    _state_names: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if hasattr(params, "data"):
            raise TypeError(f"{self._name}: params must be an iterable of parameters, not a single one")
        if not isinstance(params, Iterable):
            raise TypeError(
                f"{self._name}: params must be an iterable of parameters, such as net.parameters(), "
                f"but {type(params).__name__} was given"
            )
        given = list(params)
        if not given:
            raise ValueError(f"{self._name}: there is no parameter to train")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        self.param_groups: list[dict[str, Any]] = []
        # One dict for each parameter, in the order of `_parameters`; by place, so a deep copy has it too.
        self._state: list[dict[str, np.ndarray]] = []
        for group in groups:
            self._add(group, defaults)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _add(self, group: dict[str, Any], defaults: dict[str, Any]) -> None:
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f"{self._name}: a parameter group must be a dict with 'params', got {group!r}")
        unknown = sorted(set(group) - set(defaults) - {"params"})
        if unknown:
            raise ValueError(f"{self._name}: unknown settings {unknown}; known are {sorted(defaults)}")
        params = [group["params"]] if hasattr(group["params"], "data") else list(group["params"])
        seen = {id(p) for other in self.param_groups for p in other["params"]}
        for p in params:
            self._check_parameter(p)
            if id(p) in seen:
                raise ValueError(f"{self._name}: a parameter of shape {p.data.shape} appears twice")
            seen.add(id(p))
        full = {**defaults, **group, "params": params}
        self._check(full)
        self.param_groups.append(full)
        self._state += [{} for _ in params]

    def _check(self, group: dict[str, Any]) -> None:
        """Refuse settings that are out of range; subclasses add their own."""
        for key in ("lr", "weight_decay"):
            check_number(self._name, key, group[key])

    def _check_parameter(self, p: Any) -> None:
        """Refuse what cannot be moved in place."""
        if not (hasattr(p, "data") and hasattr(p, "grad")):
            raise TypeError(f"{self._name}: expected parameters with .data and .grad, got {type(p).__name__}")
        if not isinstance(p.data, np.ndarray) or p.data.dtype not in FLOATS:
            given = getattr(p.data, "dtype", type(p.data).__name__)
            raise TypeError(
                f"{self._name}: a parameter must be an ndarray of float32 or float64, got {given}"
            )
        if not (p.data.flags.c_contiguous and p.data.flags.writeable):
            raise ValueError(
                f"{self._name}: a parameter of shape {p.data.shape} must be C-contiguous and writeable"
            )

    def _check_gradient(self, p: Any) -> None:
        """Refuse a gradient that is not like its parameter."""
        if not isinstance(p.grad, np.ndarray):
            raise TypeError(f"{self._name}: a gradient must be an ndarray, got {type(p.grad).__name__}")
        if p.grad.dtype != p.data.dtype:
            raise TypeError(f"{self._name}: a {p.grad.dtype} gradient for a {p.data.dtype} parameter")
        if p.grad.shape != p.data.shape:
            raise ValueError(
                f"{self._name}: a gradient of shape {p.grad.shape} for a parameter of shape {p.data.shape}"
            )

    def _check_state(self, p: Any, state: dict[str, np.ndarray]) -> None:
        """Refuse a parameter that became another one since its state began."""
        for name, kept in state.items():
            if name != "step" and (kept.shape != p.data.shape or kept.dtype != p.data.dtype):
                raise ValueError(
                    f"{self._name}: a parameter of {p.data.dtype} {p.data.shape} was {kept.dtype} "
                    f"{kept.shape} when its {name} was made; a new parameter needs a new optimizer"
                )

    @property
    def lr(self) -> float:
        """The learning rate: of the first group when read, of all groups when set."""
        return float(self.param_groups[0]["lr"])

    @lr.setter
    def lr(self, value: float) -> None:
        for group in self.param_groups:
            self._check({**group, "lr": value})
            group["lr"] = value

    def _parameters(self) -> list[Any]:
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to None."""
        for p in self._parameters():
            p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient, once; if any of them cannot be moved, none is.

        Raises
        ------
        TypeError
            When a gradient is no ndarray or not of its parameter's dtype, or that is not float32 or float64.
        ValueError
            When a gradient's shape is not its parameter's, or a parameter is not contiguous.
        """
        pairs = [(p, group) for group in self.param_groups for p in group["params"]]
        for (p, _), state in zip(pairs, self._state, strict=True):
            if p.grad is not None:
                self._check_parameter(p)
                self._check_gradient(p)
                self._check_state(p, state)
        for (p, group), state in zip(pairs, self._state, strict=True):
            if p.grad is not None:
                self._move(p.data, np.ascontiguousarray(p.grad), state, group)

    def _move(
        self, weight: np.ndarray, grad: np.ndarray, state: dict[str, np.ndarray], group: dict[str, Any]
    ) -> None:
        """Move one weight in place, keeping `state` from step to step."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Return all that a resumed training needs besides the weights.

        Returns
        -------
        state : dict
            ``"state"``: a flat dict of arrays, named ``"{number of the parameter}.{name}"``, copies;
            ``"param_groups"``: the settings of each group, with numbers in place of parameters, so that
            JSON can hold them.
        """
        arrays = {
            f"{number}.{name}": array.copy()
            for number, state in enumerate(self._state)
            for name, array in state.items()
        }
        numbers = count()
        groups = [
            {key: value.item() if isinstance(value, np.generic) else value for key, value in group.items()}
            | {"params": [next(numbers) for _ in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": arrays, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; nothing changes unless all of it fits.

        Parameters
        ----------
        state_dict : dict
            From an optimizer of the same kind over parameters of the same shapes and in the same groups.

        Raises
        ------
        ValueError
            When groups, settings, names or shapes do not fit; all of them are named at once.
        """
        own, given = self.state_dict()["param_groups"], state_dict["param_groups"]
        if [g["params"] for g in own] != [g["params"] for g in given]:
            sizes = [len(g["params"]) for g in given], [len(g["params"]) for g in own]
            raise ValueError(f"{self._name}: groups of {sizes[0]} parameters do not fit groups of {sizes[1]}")
        for ours, theirs in zip(own, given, strict=True):
            if set(ours) != set(theirs):
                raise ValueError(f"{self._name}: settings {sorted(theirs)} are not {sorted(ours)}")
            self._check(theirs)
        parameters = self._parameters()
        states: list[dict[str, np.ndarray]] = [{} for _ in parameters]
        wrong = []
        for key, array in state_dict["state"].items():
            number, _, name = key.partition(".")
            if not number.isdigit() or int(number) >= len(parameters) or name not in self._state_names:
                wrong.append(f"unknown entry {key!r}")
                continue
            p = parameters[int(number)]
            shape, dtype = ((), np.dtype("int64")) if name == "step" else (p.data.shape, p.data.dtype)
            if array.shape != shape or array.dtype != dtype:
                wrong.append(f"{key} is {array.dtype} {array.shape}, expected {dtype} {shape}")
                continue
            states[int(number)][name] = np.array(array, order="C")
        wrong += [
            f"{number} lacks one of {self._state_names}"
            for number, state in enumerate(states)
            if len(state) not in (0, len(self._state_names))
        ]
        if wrong:
            raise ValueError(f"{self._name}: the state does not fit: " + "; ".join(wrong))
        self._state = states
        for group, theirs in zip(self.param_groups, given, strict=True):
            # JSON knows no tuples.
            plain = {key: tuple(value) if isinstance(value, list) else value for key, value in theirs.items()}
            group.update({**plain, "params": group["params"]})
