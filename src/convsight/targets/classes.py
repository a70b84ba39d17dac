"""`Classes`: one of a list of classes."""

from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets.named_classes import NamedClasses
from convsight.targets.spec import Targets


@final
class Classes(NamedClasses):
    """One of `names` for an example, or for each thing in it.

    >>> Classes(names=("cat", "dog")).outputs
    2
    """

    kind: Literal["classes"] = "classes"

    def fitted(self, train: Targets) -> "Classes":
        return self

    def of_array(self, values: NDArray[Any]) -> Labels:
        if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
            raise UserError(f"targets that are classes need one whole number each, not {values.dtype} {values.shape}")
        try:
            return Labels(values, self.names)
        except ValueError as error:
            raise UserError(str(error)) from error
