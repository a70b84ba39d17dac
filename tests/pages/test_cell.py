"""What objects show of themselves in a notebook."""

import html
import re
from pathlib import Path

from torch import nn

from convsight.describe.description import describe_module
from convsight.metrics import Measured
from convsight.pages.cell import long_table, metrics_table
from convsight.run import Run
from convsight.runtime.evaluate import Evaluation
from convsight.runtime.model import load
from convsight.tasks import reader_of


def _text(markup: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", markup)).split())


def test_metrics_stand_with_intervals_and_parts_fold_out() -> None:
    metrics = {
        "test/accuracy": Measured(0.9, 0.85, 0.93),
        "test/loss": Measured(0.3, 0.3, 0.3),
        "test/recall/<cat>": Measured(0.25, 0.2, 0.3),
        "test/f1/<cat>": Measured(0.5, 0.5, 0.5),
        "test/recall/dog": Measured(0.75, 0.75, 0.75),
    }
    made = metrics_table(metrics)
    assert "<cat>" not in made
    text = _text(made)
    assert "test/accuracy 0.9000 0.8500 to 0.9300 test/loss 0.3000 of each of 2 parts" in text
    assert "recall f1 test: <cat> 0.2500 0.5000 test: dog 0.7500" in text
    assert metrics_table({}) == ""


def test_a_long_table_is_folded_up() -> None:
    assert "<details open>" in long_table(("a",), [["1"]] * 40, "few")
    assert "<details>" in long_table(("a",), [["1"]] * 41, "many")


def test_a_run_and_its_model_show_what_they_reached(photos_run: Run, tmp_path: Path) -> None:
    card = photos_run.card
    accuracy = f"test/accuracy {card.metrics['test/accuracy'].value:.4f}"
    text = _text(photos_run._repr_html_())
    assert text.startswith(f"{photos_run.path} classification: {card.target.summary}; lecture3")
    assert accuracy in text
    assert "report.html" in text
    assert accuracy in _text(load(photos_run.path)._repr_html_())
    assert "holds no model yet" in _text(Run(tmp_path)._repr_html_())


def test_an_evaluation_tells_its_numbers_in_their_own_decimals(photos_run: Run) -> None:
    described = reader_of(photos_run.card).metrics().described()
    found = Evaluation("<photos>", 12, {"test/accuracy": Measured(0.5, 0.2, 0.8)}, described, {"test": 12})
    assert _text(found._repr_html_()).startswith(
        "12 images of <photos> metric value 95 % interval test/accuracy 0.5000"
    )
    assert "<photos>" not in found._repr_html_()


def test_a_description_shows_its_layers_and_totals() -> None:
    found = describe_module(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(72, 2)), (3, 5, 5), "tiny")
    text = _text(found._repr_html_())
    assert text.startswith("tiny on 5 x 5 x 3 370 parameters, 2,088 multiply-adds for one image 3 layers")
    assert text.count("72") >= 1
