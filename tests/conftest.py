"""Settings for all tests, and the site that some of them look at."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The first example of a property compiles kernels, which takes seconds; time is no property here.
settings.register_profile("segnet_np", deadline=None, derandomize=True)
settings.load_profile("segnet_np")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder with the site as ``sphinx-build -W`` makes it, but with the lessons not executed."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-D", "nb_execution_mode=off"),
            *("-d", str(folder / "doctrees"), str(Path(__file__).parents[1] / "docs"), str(folder / "html")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"
