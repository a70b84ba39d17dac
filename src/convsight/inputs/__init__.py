"""What is put into a network: one tagged description on the card, from what the user names to the graph's array."""

from convsight.inputs.image import ImageInput
from convsight.inputs.loaded import Loaded

__all__ = ["ImageInput", "Loaded"]
