"""Every network of ours, and some of torchvision's, through the contract; names and entries."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.nets import NetContract

from convsight.errors import UserError
from convsight.nets.catalogue import NETS, NetShape, build_net, check_size, net_entry, net_names, smallest_side
from convsight.nets.image_sizes import smallest_square

_OF_IMAGES = [name for name, entry in NETS.items() if not entry.volumes]


# timm's: one that has a name of our own, and one by its prefix. torchvision's: the plainest, one whose classifier is a
# convolution, one that shuffles channels.
@pytest.mark.parametrize(
    "name", [*_OF_IMAGES, "mobilenet_v1", "timm/test_resnet", "resnet18", "squeezenet1_1", "shufflenet_v2_x0_5"]
)
class TestNets(NetContract):
    pass


@pytest.mark.parametrize("name", NETS)
def test_smallest_side_of_the_entry_is_what_running_it_finds(name: str) -> None:
    assert smallest_square(replace(NETS[name], smallest=None), 3, 10) == NETS[name].smallest


def test_names_are_ours_and_all_of_torchvisions_classification_networks() -> None:
    names = net_names()
    assert names[: len(NETS)] == list(NETS)
    assert names[len(NETS)] == "mobilenet_v1"
    assert {"alexnet", "vgg16", "googlenet", "inception_v3", "resnet50", "mobilenet_v2", "efficientnet_b0"} <= {*names}
    assert not any("rcnn" in name or "quantized" in name or name.startswith("raft") for name in names)
    assert len(names) == len(set(names))


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match=r"^unknown net 'resnet81'; did you mean .*resnet18"):
        build_net("resnet81", NetShape(10, 3, 32, 32))


@pytest.mark.parametrize(
    ("name", "height", "width", "message"),
    [
        ("alexnet", 32, 32, "alexnet needs images of at least 63 px; 32 was asked: use --size 63 or more, or another "
         "net"),
        ("alexnet", 80, 40, "alexnet needs images of at least 63 px; 80 x 40 was asked: use --size 63 or more, or "
         "another net"),
        ("vit_b_16", 30, 30, "vit_b_16 needs images whose sides are multiples of 16 px; 30 was asked: use --size 32, "
         "or another net"),
        ("vit_b_16", 5, 5, "vit_b_16 needs images whose sides are multiples of 16 px; 5 was asked: use --size 16, or "
         "another net"),
        ("vit_b_16", 48, 64, "vit_b_16 needs square images; 48 x 64 was asked: use --size 48, or another net"),
        ("maxvit_t", 400, 224, "maxvit_t needs images whose sides are multiples of 224 px; 400 x 224 was asked: use "
         "--size 224, or another net"),
        ("lenet5", 28, 11, "lenet5 needs images of at least 12 px; 28 x 11 was asked: use --size 12 or more, or "
         "another net"),
    ],
)  # fmt: skip
def test_a_size_that_does_not_work_is_named_with_one_that_does(
    name: str, height: int, width: int, message: str
) -> None:
    shape = NetShape(10, 3, height, width)
    with pytest.raises(UserError) as found:
        check_size(name, shape)
    assert str(found.value).splitlines()[0] == message
    with pytest.raises(UserError):
        build_net(name, shape)


@pytest.mark.parametrize("numbers", [(0, 3, 8, 8), (2, 0, 8, 8), (2, 3, 0, 8), (2, 3, 8, -1)])
def test_a_shape_of_nothing_is_refused(numbers: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        NetShape(*numbers)


def test_every_entry_says_what_it_is() -> None:
    for name in (*NETS, "mobilenet_v1", "timm/resnet10t", "resnet18", "vit_b_16"):
        entry = net_entry(name)
        assert entry.about
        assert entry.licence
        assert entry.source
        assert entry.side >= smallest_side(name, 3, 10)


def test_nets_of_ours_do_without_torchvision(tmp_path: Path) -> None:
    # A torchvision made for another torch fails in this way when it is imported.
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision/__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    script = """
from convsight.errors import UserError
from convsight.nets.catalogue import NETS, NetShape, build_net
for name, entry in NETS.items():
    build_net(name, entry.cube(outputs=10, channels=1, side=28))
try:
    build_net("resnet18", NetShape(outputs=10, channels=1, height=28, width=28))
except UserError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert "torchvision cannot be imported" in ran.stdout
    assert "operator torchvision::nms does not exist" in ran.stdout
