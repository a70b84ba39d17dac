"""Which method explains where neither a user nor a ranking names one: by what the network answers, and what it has."""

import pytest
import torch
from tests.explain.bright_model import bright_model
from tests.inside.networks import opened

from convsight.explain.evidence.choice import without_ranking
from convsight.explain.explain import ExplainedModel
from convsight.export.torch_engine import TorchEngine
from convsight.runtime.model import Model
from convsight.tasks import task_of

NO_MAPS = "flatten | dense 8 relu | dense classes"


@pytest.mark.parametrize(
    ("task", "net", "method", "why"),
    [
        ("classification", "conv 4 3x3 relu | flatten | dense classes", "gradcam", "gradcam; no ranking"),
        ("classification", NO_MAPS, "occlusion", "occlusion, since gradcam does not apply here; no ranking"),
        ("detection", "yolo-n", "hirescam", "hirescam, since gradcam takes the mean of gradients"),
    ],
)
def test_boxes_are_explained_place_by_place(task: str, net: str, method: str, why: str) -> None:
    inside = opened(net, 64, task=task)
    engine = TorchEngine(task_of(task).graph(inside.model, inside.card), torch.device("cpu"))
    network = ExplainedModel(Model(inside.card, engine))
    network.__dict__["opened"] = inside
    chosen = without_ranking(network)
    assert chosen.method == method
    assert chosen.words.startswith(why)
    assert chosen.words.endswith("--rank DATA makes one")


def test_what_has_no_gradients_is_explained_by_occlusion() -> None:
    assert without_ranking(ExplainedModel(bright_model(16))).method == "occlusion"
