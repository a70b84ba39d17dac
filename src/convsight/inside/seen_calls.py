"""`SeenCalls`: the operations of PyTorch that run within are seen, whatever module or function calls them."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode


class SeenCalls(TorchFunctionMode):
    """A context in which `see` is told of each operation with what it was given and gave."""

    @abstractmethod
    def see(self, func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], given: Any) -> None:
        """One operation that ran: `given` is what it returned."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = func(*args, **(kwargs or {}))
        self.see(func, args, kwargs or {}, given)
        return given
