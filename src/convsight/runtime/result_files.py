"""`ResultFiles`: a folder of the files that results bring, such as masks."""

from collections.abc import Iterable
from pathlib import Path

from convsight.results import WithFiles
from convsight.results.capabilities import lacking
from convsight.runtime.output_folder import OutputFolder
from convsight.runtime.prediction import Prediction


class ResultFiles:
    """Files are saved as `000012-cat.mask.png`, see `OutputFolder`: beside the drawings where the folder is theirs."""

    def __init__(self, folder: Path, sources: Iterable[str]) -> None:
        """Raises `UserError` where the folder cannot be made, or lies among the sources."""
        self._folder = OutputFolder(folder, "--files", sources)

    def save(self, position: int, prediction: Prediction) -> None:
        """Save the files of a prediction, the `position`-th of all; what has no result has none.

        Raises `UserError` where the result is no `WithFiles`.
        """
        if prediction.result is None:
            return
        if not isinstance(prediction.result, WithFiles):
            raise lacking(WithFiles, "--files", f"the kind {type(prediction.result).__name__}", "leave it out")
        self._folder.save(position, prediction.file, prediction.result.files())
