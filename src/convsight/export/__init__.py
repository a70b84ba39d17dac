"""Model files from and to networks, and the deployed network run by PyTorch."""

from convsight.callable_room import make_callable

make_callable(__name__)
