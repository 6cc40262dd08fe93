"""What this machine is, for bug reports and beside measured speeds."""

import os
import platform
from pathlib import Path


def describe() -> dict[str, str]:
    """Name the processor, threads, versions and the folder of compiled kernels.

    Returns
    -------
    facts : dict of str
    """
    import llvmlite
    import numba
    import numpy as np

    import segnet_np
    from segnet_np.kernels.sgd import sgd_step

    cache = sgd_step.dispatcher.stats.cache_path
    kernels = list(Path(cache).glob("*.nbc")) if cache else []
    megabytes = sum(path.stat().st_size for path in kernels) / 1e6
    return {
        "segnet_np": segnet_np.__version__,
        "python": f"{platform.python_version()} on {platform.platform()}",
        "numpy": np.__version__,
        "numba": f"{numba.__version__} with llvmlite {llvmlite.__version__}",
        "processor": processor(),
        "threads": f"{numba.get_num_threads()} used by kernels, {os.cpu_count()} in the machine",
        "kernel cache": f"{cache} ({len(kernels)} kernels, {megabytes:.1f} MB)" if cache else "none",
    }


def processor() -> str:
    """The processor's name, as the system calls it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
