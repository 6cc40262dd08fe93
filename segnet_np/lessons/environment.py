"""Is everything there that the course needs? Asked once, in the first lesson."""

import importlib.metadata
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

from segnet_np import reference
from segnet_np.layers import MaxPool2d

PYTHON = (3, 11)


def environment() -> bool:
    """Look at Python, packages, threads, the kernel cache and a kernel, and say what is missing.

    Returns
    -------
    fine : bool
        Whether all the course needs is there.
    """
    findings = [_python(), *_packages(), _threads(), _cache(), _kernel()]
    for fine, text in findings:
        print(f"{'ok     ' if fine else 'MISSING'} {text}")
    good = all(fine for fine, _ in findings)
    print("\nAll is there." if good else "\nMend what is missing, then restart the kernel and ask again.")
    return good


def _python() -> tuple[bool, str]:
    needed = ".".join(map(str, PYTHON))
    return sys.version_info >= PYTHON, f"Python {platform.python_version()} (needs {needed} or newer)"


def _packages() -> list[tuple[bool, str]]:
    """The packages that the installed segnet-np asks for, with those of the notebooks."""
    from packaging.requirements import Requirement  # comes with matplotlib

    findings = []
    for line in importlib.metadata.requires("segnet-np") or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is not None and not marker.evaluate({"extra": "notebooks"}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            findings.append((False, f"{requirement.name}: pip install 'segnet-np[notebooks]'"))
            continue
        fits = requirement.specifier.contains(version, prereleases=True)
        findings.append((fits, f"{requirement.name} {version} (needs {requirement.specifier})"))
    return findings


def _threads() -> tuple[bool, str]:
    import numba

    return True, f"{numba.get_num_threads()} threads for the kernels, {os.cpu_count()} in this machine"


def _cache() -> tuple[bool, str]:
    from segnet_np.kernels.sgd import sgd_step

    folder = sgd_step.dispatcher.stats.cache_path
    if not folder:
        return False, "no folder to keep compiled kernels in: set NUMBA_CACHE_DIR to one you may write to"
    kept = len(list(Path(folder).glob("*.nbc")))
    return True, f"compiled kernels are kept on the disk, {kept} so far"


def _kernel() -> tuple[bool, str]:
    """Pool a map with the fast kernel and with the plain loops; the first call may compile."""
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 9))
    began = time.perf_counter()
    y, indices = MaxPool2d()(x)
    seconds = time.perf_counter() - began
    expected, places = reference.max_pool2d(x)
    same = np.array_equal(y, expected) and np.array_equal(indices.flat, places)
    said = "gives what the plain loops give" if same else "DIFFERS from the plain loops: please report this"
    return same, f"a kernel runs and {said} (first call: {seconds:.2f} s)"
