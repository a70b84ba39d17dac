"""The drawing and the page: well-formed, to scale, and complete."""

import re
from xml.etree import ElementTree

import pytest
from torch import nn

from convsight.describe.description import Description, describe_module
from convsight.describe.html_page import description_html
from convsight.describe.resolve import resolve_net
from convsight.describe.volume_drawing import volumes_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def described() -> Description:
    net = nn.Sequential(nn.Conv2d(3, 40, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(40, 80, 3, stride=2, padding=1))
    return describe_module(net, (3, 64, 64), "a <net>")


def test_the_drawing_is_to_scale(described: Description) -> None:
    root = ElementTree.fromstring(volumes_svg(described))
    boxes = [
        (float(group.find(f"{SVG}rect").get("width")), float(group.find(f"{SVG}rect").get("height")))  # type: ignore[union-attr, arg-type]
        for group in root.iter(f"{SVG}g")
    ]
    (_, first), (thin, half), (thick, quarter) = boxes
    assert first == pytest.approx(2 * half, abs=0.2)
    assert first == pytest.approx(4 * quarter, abs=0.2)
    assert thick == pytest.approx(2 * thin, abs=0.2)


def test_the_drawing_names_every_volume(described: Description) -> None:
    text = volumes_svg(described)
    for volume in ("64 x 64 x 3", "32 x 32 x 40", "16 x 16 x 80"):
        assert volume in text


@pytest.mark.parametrize("name", ["resnet152", "vit_b_16", "densenet121", "lecture1"])
def test_deep_nets_stay_an_image(name: str) -> None:
    subject = resolve_net(name, None, None)
    root = ElementTree.fromstring(volumes_svg(describe_module(subject.model, subject.shape, name)))
    assert 4 <= len(list(root.iter(f"{SVG}g"))) <= 36


def test_the_page_shows_numbers_with_formulas_and_loads_nothing(described: Description) -> None:
    page = description_html(described)
    assert "a &lt;net&gt;" in page
    assert "a <net>" not in page
    assert "(3*3*3 + 1)*40" in page
    assert "floor((64 + 2*1 - 3)/2) + 1 = 32" in page
    assert f"{described.parameters:,}" in page
    assert not re.search(r'(src|href)="', page)
    assert page.count("<tr") == 1 + len(described.layers) + 1
