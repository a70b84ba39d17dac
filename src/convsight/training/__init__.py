"""Training: data in, a judged network in a run folder out."""

from convsight.training.train import resume, train

__all__ = ["resume", "train"]
