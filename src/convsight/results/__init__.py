"""What is true or predicted about a picture: one validated type per kind of question."""

from convsight.results.label import Label, Labels, Score
from convsight.results.result import Difference, NoAnswerError, Result

__all__ = ["Difference", "Label", "Labels", "NoAnswerError", "Result", "Score"]
