"""Predictions in a file that is never half-written: a job that was stopped, however rudely, goes on where it was."""

from convsight.runtime.out.predictions_file import PredictionsFile

__all__ = ["PredictionsFile"]
