"""`ResultFiles`: a folder of the files that results bring, such as masks."""

from collections.abc import Iterable
from pathlib import Path

from convsight.inputs import InputSpec
from convsight.results import WithFiles
from convsight.results.capabilities import lacking
from convsight.runtime.located_files import located_files
from convsight.runtime.output_folder import OutputFolder
from convsight.runtime.prediction import Prediction


class ResultFiles:
    """Files are saved as `000012-cat.mask.png`, see `OutputFolder`: beside the drawings where the folder is theirs."""

    def __init__(self, folder: Path, sources: Iterable[str], spec: InputSpec) -> None:
        """`spec` is what the network takes.

        Raises `UserError` where the folder cannot be made, or lies among the sources.
        """
        self._folder = OutputFolder(folder, "--files", sources)
        self._spec = spec

    def save(self, position: int, prediction: Prediction) -> None:
        """Save the files of a prediction, the `position`-th of all, see `located_files`; what has no result has none.

        Raises `UserError` where the result is no `WithFiles`.
        """
        if prediction.result is None:
            return
        if not isinstance(prediction.result, WithFiles):
            raise lacking(WithFiles, "--files", f"the kind {type(prediction.result).__name__}", "leave it out")
        files = located_files(self._spec, prediction.image, prediction.result)
        self._folder.save(position, prediction.file, files)
