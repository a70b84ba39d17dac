"""The one rule by which weights for RGB take another number of channels."""

from torch import Tensor


def for_channels(weight: Tensor, channels: int) -> Tensor:
    """The weights (filters, planes, height, width) of a first convolution, for `channels` planes instead.

    For one channel they are summed over the planes: a grey image then gives what it gave with its planes repeated.
    For others they repeat in turn, scaled by planes / channels, so that outputs stay as large. timm does the same.

    >>> import torch
    >>> rgb = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    >>> for_channels(rgb, 1).flatten()
    tensor([6.])
    >>> for_channels(rgb, 4).flatten()
    tensor([0.7500, 1.5000, 2.2500, 0.7500])
    """
    planes = weight.shape[1]
    if channels == planes:
        return weight
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    return weight[:, [channel % planes for channel in range(channels)]] * (planes / channels)
