import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

import pytest
import timm

from convsight.errors import UserError
from convsight.net_list.listed import listed_nets
from convsight.net_list.search import list_nets, matching
from convsight.progress import Listener, Silent, Status


@final
class Hears(Listener):
    """Keeps what is said and counted."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.counted: list[tuple[str, int | None]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def epoch(self, number: int, text: str) -> None:
        raise AssertionError

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        self.counted.append((what, total))
        yield lambda done: None

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        yield lambda status: None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("resnet1??", ["resnet101", "resnet152"]),
        ("vgg*_bn", ["vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"]),
        ("lecture", ["lecture1", "lecture2", "lecture3"]),
        ("[ml]*e?5", ["lenet5"]),
        ("mlp", ["mlp"]),
    ],
)
def test_patterns(pattern: str, expected: list[str]) -> None:
    assert [net.name for net in list_nets(pattern, Silent())] == expected


def test_no_pattern_lists_all() -> None:
    assert [net.name for net in list_nets("", Silent())] == list(listed_nets())


@pytest.mark.parametrize(("pattern", "near"), [("resnet81", "resnet18"), ("timm/resnet1t", "timm/resnet10t")])
def test_what_matches_nothing_gets_the_nearest(pattern: str, near: str) -> None:
    with pytest.raises(UserError, match=f"^unknown net '{pattern}'; did you mean .*{near}"):
        list_nets(pattern, Silent())


def test_matching_is_of_the_whole_name_for_globs_only() -> None:
    assert matching("b?", ["b0", "ab0"]) == ["b0"]
    assert matching("b0", ["b0", "ab0", "b1"]) == ["b0", "ab0"]


def test_the_list_needs_no_pytorch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; "
        "from convsight.net_list.search import list_nets; from convsight.progress import Silent; "
        "print(len(list_nets('resnet', Silent()))); "
        "list_nets('timm/resnet10t', Silent())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert int(done.stdout) >= 5
    assert (
        "UserError: this needs torch, which only the training half brings: "
        'pip install ".[train]" in the clone of convsight' in done.stderr
    )


def test_a_few_of_timms_are_counted() -> None:
    hears = Hears()
    found = list_nets("timm/resnet1*t", hears)
    assert [net.name for net in found] == ["timm/resnet10t", "timm/resnet14t"]
    assert hears.counted == [("counting", 2)]
    ten = found[0]
    assert ten.parameters == sum(weights.numel() for weights in timm.create_model("resnet10t").parameters())
    assert ten.multiply_adds == pytest.approx(0.7e9, rel=0.02)  # timm's model card: 0.7 billion at 176 px
    assert (ten.side, ten.weights, ten.weights_licence) == (176, "timm resnet10t.c3_in1k", "apache-2.0")


def test_many_of_timms_are_not_counted_unless_asked() -> None:
    hears = Hears()
    found = list_nets("timm/*", hears)
    assert len(found) == len(timm.list_models())
    assert {net.parameters for net in found} == {None}
    assert hears.counted == []
    assert "not counted; --figures counts them" in hears.said[0]


def test_many_of_timms_are_counted_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convsight.describe.timm_list._COUNTED", 1)
    hears = Hears()
    assert all(net.parameters for net in list_nets("timm/resnet1*t", hears, figures=True))
    assert hears.said == []


def test_a_network_that_cannot_be_counted_is_listed_without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("needs numbers")

    monkeypatch.setattr("convsight.describe.timm_list.count", fails)
    assert [net.parameters for net in list_nets("timm/resnet10t", Silent())] == [None]
