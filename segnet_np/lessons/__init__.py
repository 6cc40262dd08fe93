"""What the notebooks need: exercises with checks, hints and solutions, and pictures that can be touched."""

from segnet_np.lessons import pictures
from segnet_np.lessons.checking import case, check
from segnet_np.lessons.environment import environment
from segnet_np.lessons.explore import explore
from segnet_np.lessons.figures.architecture import architecture
from segnet_np.lessons.figures.convolution import convolution
from segnet_np.lessons.figures.overlay_slider import overlay_slider
from segnet_np.lessons.figures.stepper import stepper
from segnet_np.lessons.guess import guess
from segnet_np.lessons.hints import hint, solution
from segnet_np.lessons.live import LiveCurve
from segnet_np.lessons.short import short
from segnet_np.lessons.show import show

__all__ = [
    "LiveCurve",
    "architecture",
    "case",
    "check",
    "convolution",
    "environment",
    "explore",
    "guess",
    "hint",
    "overlay_slider",
    "pictures",
    "short",
    "show",
    "solution",
    "stepper",
]
