"""Docstrings say what the code does: the examples run, and the documented parameters are the real ones."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from numpydoc.docscrape import FunctionDoc

import segnet_np

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(segnet_np.__path__, "segnet_np.")
    if not info.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"np": np, "snp": segnet_np})
    assert result.failed == 0


def case(name, function, documented, owner=None):
    """One test case; a method that an ancestor documents needs no words of its own."""
    text = inspect.getdoc(documented)
    if text is None and owner is not None:
        text = inspect.getdoc(getattr(owner.__mro__[1], function.__name__, None))
    return pytest.param(name, function, text, id=name)


def public_callables():
    """A case for each function, class and method that a module defines; a class documents its __init__."""
    for name in MODULES:
        # Kernels say in one line what their arrays are; exercises hold answers as learners write them.
        if name.startswith(("segnet_np.kernels", "segnet_np.lessons.exercises.")):
            continue
        for what, thing in vars(importlib.import_module(name)).items():
            if what.startswith("_") or getattr(thing, "__module__", None) != name:
                continue
            if inspect.isfunction(thing):
                yield case(f"{name}.{what}", thing, thing)
            elif inspect.isclass(thing):
                yield case(f"{name}.{what}", thing.__init__, thing)
                for method_name, method in vars(thing).items():
                    if inspect.isfunction(method) and not method_name.startswith("_"):
                        yield case(f"{name}.{what}.{method_name}", method, getattr(thing, method_name), thing)


@pytest.mark.parametrize(("name", "function", "text"), list(public_callables()))
def test_documented_parameters_are_the_real_ones(name, function, text):
    assert text, f"{name} has no docstring"
    documented = [
        part.strip("*` ")
        for parameter in FunctionDoc(None, doc=inspect.cleandoc(text))["Parameters"]
        for part in parameter.name.split(",")
    ]
    if documented:
        try:
            real = [p for p in inspect.signature(function).parameters if p not in ("self", "cls")]
        except ValueError:  # built-in __init__
            pytest.skip("no signature")
        assert documented == real
