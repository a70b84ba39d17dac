"""`Given`: what a program gives to a training beside its settings: objects, of which a run stores only the names."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from hashlib import sha256
from types import CodeType
from typing import Any

from torch import Tensor, nn

from convsight.errors import UserError
from convsight.nets.own import OwnNet, own_name, own_net
from convsight.settings import PARAMETERS, TrainSettings, changed
from convsight.tasks import settings_of
from convsight.training.callbacks import Callbacks, StoppedByCallbackError
from convsight.training.given_augmentation import OwnAugmentation
from convsight.training.given_optimizer import OwnOptimizer

OwnLoss = Callable[[Tensor, Tensor], Tensor]

_STORED = ("net", "loss", "optimizer", "augmentation")  # without which a run cannot go on as it was
_DIGITS = 8
# General settings that do nothing beside an object, which does all of it itself.
_IDLE = {
    "optimizer": frozenset(
        {name for name, (chooser, _) in PARAMETERS.items() if chooser == "optimizer"} | {"weight_decay", "stage_lr"}
    ),
    "augmentation": frozenset({"augment", "flip", "rand_augment", "rand_augment_ops", "erase"}),
}
# What each must be, in words for who gives something else, such as an optimizer that is made already.
_WANTED = {
    "net": "give a name, an nn.Module, or a function that makes one of its shape",
    "loss": "give a name, or a function of outputs and targets",
    "optimizer": "give a name, or a function that makes one: optimizer=lambda weights: torch.optim.SGD(weights, 0.1)",
    "augmentation": "give a function of a batch and keys",
    "on_epoch": "give a function of one AfterEpoch",
    "on_step": "give a function of one AfterStep",
}


@dataclass(frozen=True)
class Given:
    """A network, a loss, an optimizer's factory, an augmentation and callbacks of a program; None: none is given."""

    net: OwnNet | None = None
    loss: OwnLoss | None = None
    optimizer: OwnOptimizer | None = None
    augmentation: OwnAugmentation | None = None
    on_epoch: Callable[[Any], object] | None = None
    on_step: Callable[[Any], object] | None = None

    @property
    def callbacks(self) -> Callbacks:
        """Those that the loop calls."""
        return Callbacks(self.on_epoch, self.on_step)

    @property
    def words(self) -> list[str]:
        """What was given, in words that tell it from others: what a run stores."""
        objects = {name: getattr(self, name) for name in _STORED}
        return [f"{name} {called(value)}" for name, value in objects.items() if value is not None]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Within, the network given is found; an error of a callback comes out as it was raised."""
        try:
            with own_net(self.net):
                yield
        except StoppedByCallbackError as stop:
            raise stop.error  # noqa: B904 - the user's own, with its own traceback

    def check(self, settings: TrainSettings) -> None:
        """Raise `UserError` for a setting that does nothing beside what is given; `settings` are those of a task."""
        kind = settings_of(settings.task or "")
        own = changed(kind.of(settings))
        idle_beside = _IDLE | {"loss": kind.of_loss}
        idle_beside["augmentation"] |= kind.varying - {"sampling"}
        for name, idle in idle_beside.items():
            wrong = sorted(idle & (settings.changed() | own))
            if getattr(self, name) is not None and wrong:
                option = wrong[0]
                raise UserError(f"{option}=... does nothing beside {name}=... of your own: leave it out")

    def check_same(self, stored: Iterable[str], run: object, same_python: bool) -> None:
        """Raise `UserError` where a run, whose settings hold `stored`, was trained with something else."""
        now = dict(word.split(" ", 1) for word in self.words)
        before = dict(word.split(" ", 1) for word in stored)
        for name, was in before.items():
            if name not in now:
                raise UserError(
                    f"{run} was trained with the {name} {_without_digest(was)} of a program: go on from Python, "
                    f"convsight.resume({str(run)!r}, {name}=...)"
                )
            # Of another Python the same function is another code.
            if now[name] != was and (same_python or _without_digest(now[name]) != _without_digest(was)):
                how = "as it was" if _without_digest(now[name]) == _without_digest(was) else f", but {now[name]}"
                raise UserError(
                    f"{name}=...: {run} was trained with {was}, and what is given is not that {how}".replace(" ,", ",")
                )
        for name in now.keys() - before.keys():
            raise UserError(f"{name}=...: {run} was trained without one of your own; leave it out, or train a new run")


NOTHING = Given()


def taken(choices: Mapping[str, Any]) -> tuple[Given, dict[str, Any]]:
    """What of `choices` are objects, and the settings: the others, with the words for the objects."""
    names = {field.name for field in fields(Given)}
    objects = {name: value for name, value in choices.items() if name in names and _is_object(value)}
    for name, value in objects.items():
        if not callable(value):
            raise TypeError(f"{name}={' '.join(repr(value).split())}: {_WANTED[name]}")
    settings = {name: value for name, value in choices.items() if name not in objects}
    given = Given(**objects)
    if given.words:
        settings["given"] = given.words
    if given.net is not None:
        settings["net"] = own_name(given.net)
    return given, settings


def given_again(objects: Mapping[str, Any]) -> Given:
    """What a program gives to a run that goes on; raises TypeError for what is no object of that kind."""
    names = [field.name for field in fields(Given)]
    given, settings = taken({name: value for name, value in objects.items() if value is not None})
    for name in settings.keys() - {"given", "net"}:
        raise TypeError(f"{name}={objects[name]!r}: of objects of your own there are {', '.join(names)}")
    return given


def _is_object(value: object) -> bool:
    return value is not None and not isinstance(value, str) and not hasattr(value, "__fspath__")


def called(value: Any) -> str:
    """The name of an object, and some digits of what it does, where that is code of a program.

    >>> called(nn.L1Loss()), called(nn.Linear)
    ('L1Loss()', 'Linear')
    >>> called(lambda x, y: x - y) != called(lambda x, y: x + y)
    True
    """
    if isinstance(value, nn.Module):
        return own_name(value).removeprefix("own:") if list(value.parameters()) else " ".join(repr(value).split())
    if isinstance(value, partial):
        numbers = [repr(each) for each in value.args] + [f"{name}={each!r}" for name, each in value.keywords.items()]
        return f"{called(value.func)}({', '.join(numbers)})"
    name = getattr(value, "__name__", type(value).__name__)
    code = getattr(value, "__code__", None) or getattr(vars(type(value)).get("__call__"), "__code__", None)
    if inspect.isclass(value) or not isinstance(code, CodeType):
        return str(name)
    return f"{name}-{sha256(_told(code)).hexdigest()[:_DIGITS]}"


def _told(code: CodeType) -> bytes:
    """What a function does, as bytes: its code, names and constants, those of functions within it too."""
    constants = [_told(each) if isinstance(each, CodeType) else repr(each).encode() for each in code.co_consts]
    return b"\n".join([code.co_code, repr(code.co_names).encode(), *constants])


def _without_digest(words: str) -> str:
    name, _, digest = words.rpartition("-")
    return name if name and len(digest) == _DIGITS else words
