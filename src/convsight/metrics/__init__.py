"""Numbers that judge: values with their intervals, what a metric is, the bootstrap. Imports errors and NumPy alone."""

from convsight.metrics.measured import Measured
from convsight.metrics.metric import Selection

__all__ = ["Measured", "Selection"]
