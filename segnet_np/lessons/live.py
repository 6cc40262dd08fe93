"""A curve that grows while something is trained, and stays in the notebook when that is done."""

import base64
import time

from matplotlib.figure import Figure

from segnet_np import plots
from segnet_np.lessons.show import in_notebook, picture, png_bytes

# Seconds between two drawings: each takes about a tenth of a second from the training.
EVERY = 1.5


class LiveCurve:
    """The loss, drawn anew while it falls.

    Parameters
    ----------
    title : str
        Above the curve.
    steps : int
        How many there will be: the axis has its full length from the start.

    Examples
    --------
    >>> curve = LiveCurve("loss", steps=2)
    >>> for loss in (2.4, 1.9):
    ...     curve.add(loss)
    >>> curve.finish()
    loss: 2.400 at step 1, 1.900 at step 2
    """

    def __init__(self, title: str, steps: int) -> None:
        self.title = title
        self.steps = steps
        self.values: list[float] = []
        self._drawn = 0.0
        self._handle = None

    def add(self, value: float) -> None:
        """Note the value of the next step, and draw the curve if the last time is a while ago."""
        self.values.append(float(value))
        if in_notebook() and time.perf_counter() - self._drawn > EVERY:
            self._draw()

    def finish(self) -> None:
        """Draw the whole curve; in a terminal, say where it began and ended."""
        if in_notebook():
            self._draw()
        elif self.values:
            first, last = self.values[0], self.values[-1]
            print(f"{self.title}: {first:.3f} at step 1, {last:.3f} at step {len(self.values)}")

    def figure(self) -> Figure:
        """The curve so far: each step pale, the mean over the last ones in full colour."""
        figure = Figure(figsize=(7, 2.8), dpi=100, layout="constrained")
        ax = figure.subplots()
        steps = range(1, len(self.values) + 1)
        ax.plot(steps, self.values, color=plots.SERIES[1], alpha=0.3, linewidth=1)
        window = max(1, self.steps // 30)
        means = [
            sum(self.values[max(0, k - window) : k]) / min(k, window) for k in range(1, len(self.values) + 1)
        ]
        ax.plot(steps, means, color=plots.SERIES[1], linewidth=2)
        if means:
            ax.annotate(
                f"{means[-1]:.2f}", (len(means), means[-1]), (6, 0), textcoords="offset points", va="center",
                color=plots.SERIES[1], annotation_clip=False,
            )  # fmt: skip
        ax.set(xlim=(0, self.steps), ylim=(0, 1.05 * max(self.values, default=1)), xlabel="step")
        ax.set_title(self.title, loc="left", color=plots.INK, fontsize=11)
        ax.grid(color=plots.FAINT, linewidth=0.8)
        ax.tick_params(colors=plots.SOFT, length=0)
        ax.spines[:].set_visible(False)
        return figure

    def _draw(self) -> None:
        from IPython.display import display

        png = png_bytes(self.figure())
        words = f"{self.title}, {self.values[0]:.2f} to {self.values[-1]:.2f}"
        data = {
            "text/html": picture(png, words),  # a bare PNG has no words on the site
            "image/png": base64.b64encode(png).decode(),
            "text/plain": f"[picture: {words}]",
        }
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)
        self._drawn = time.perf_counter()
