"""Numbers that judge: values with intervals, what a metric is, the bootstrap, masks. Needs NumPy and SciPy alone."""

from convsight.metrics.measured import Measured
from convsight.metrics.metric import Described, Metric, metric_of
from convsight.metrics.name import MetricName, named, whole_and_parts

__all__ = ["Described", "Measured", "Metric", "MetricName", "metric_of", "named", "whole_and_parts"]
