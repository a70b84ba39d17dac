"""The losses of a learning-rate search over the rates that were tried."""

from collections.abc import Sequence

from matplotlib.figure import Figure


def rate_figure(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    least: int,
    suggested: float | None,
    title: str,
) -> Figure:
    """The loss of each step and the smoothed one over the rate, on a logarithmic axis.

    The position `least` among the rates and the rate `suggested` are marked.
    """
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    figure.suptitle(title, parse_math=False)
    axes = figure.subplots()
    axes.semilogx(rates, losses, ".", color="0.7", label="loss of a step")
    axes.semilogx(rates, smoothed, color="C0", label="smoothed")
    axes.plot(rates[least], smoothed[least], "v", color="C0", label=f"least, at {rates[least]:.2g}")
    if suggested is not None:
        axes.axvline(suggested, color="C1", linestyle="--", label=f"suggested: {suggested:g}")
    low, high = min(*smoothed, *losses[: least + 1]), max(smoothed[: least + 1])
    room = max(high - low, 0.05 * abs(high), 1e-6)
    axes.set_ylim(low - 0.05 * room, high + 0.5 * room)  # what comes after the least may rise without an end
    axes.set_xlabel("learning rate")
    axes.set_ylabel("training loss")
    axes.legend()
    axes.grid(alpha=0.3)
    return figure
