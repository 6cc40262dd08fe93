"""Finite differences, the PyTorch twin, and the gradient check that puts a layer beside both."""

from segnet_np.verify.gradcheck import gradcheck
from segnet_np.verify.report import GradcheckReport, Row

__all__ = ["GradcheckReport", "Row", "gradcheck"]
