"""Settings for all tests."""

from hypothesis import settings

# The first example of a property compiles kernels, which takes seconds; time is no property here.
settings.register_profile("segnet_np", deadline=None, derandomize=True)
settings.load_profile("segnet_np")
