"""Sheets for people: training images as they are varied, and the surest of the wrong answers."""

import numpy as np
import pytest
import torch
from PIL import Image
from tests.inputs.kinds import image_input
from tests.training.begun import begun
from tests.training.heard import Heard

from convsight.card import Card
from convsight.figures.contact_sheet import Cell, contact_sheet
from convsight.results import Label
from convsight.runtime.mistakes import MistakeCollector
from convsight.targets import Classes
from convsight.tasks.detection.task import Detection
from convsight.training.sheets import save_varied, save_worst, worst_pictures
from convsight.training.state import Training


@pytest.fixture(scope="module")
def t(tmp_path_factory: pytest.TempPathFactory) -> Training:
    found = begun("digits", tmp_path_factory.mktemp("sheets") / "run", net="lecture3", size=14, epochs=2)
    found.run.path.mkdir(exist_ok=True)
    return found


def test_the_varied_images_are_those_of_the_epochs(t: Training) -> None:
    before = t.epoch, t.step
    save_varied(t)
    sheet = np.asarray(Image.open(t.run.path / "varied.png").convert("L"))
    save_varied(t)
    assert (np.asarray(Image.open(t.run.path / "varied.png").convert("L")) == sheet).all()
    assert (t.epoch, t.step) == before
    # Five columns: in each row the first is the image itself, and the others differ from it.
    columns = [sheet[60:250, x : x + 150] for x in range(20, 5 * 218, 218)]
    assert all((columns[0] != other).mean() > 0.05 for other in columns[1:])


def test_boxes_are_drawn_where_the_things_are() -> None:
    names = ("cat", "dog")
    card = Card(task="detection", net="yolo-n", target=Classes(names=names), input=image_input())
    targets = {
        "boxes": torch.tensor([[0.25, 0.5, 0.5, 0.75], [0.0, 0.0, 0.0, 0.0]]),
        "labels": torch.tensor([1, -1]),
    }
    white = Image.new("RGB", (200, 100), "white")
    drawn = np.asarray(Detection().draw_targets(white, targets, card))
    second = (drawn == (86, 180, 233)).all(axis=2)  # the colour of the second class
    rows, columns = np.nonzero(second)
    assert (columns.min(), columns.max(), rows.max()) == (50, 100, 75)
    assert second[60, 50]
    assert not second[:35].any()


def test_the_surest_wrong_answers_come_first_and_none_leave_no_sheet(t: Training) -> None:
    classes = t.plan.card.target.names
    found, heard = MistakeCollector(3), Heard()
    for position, sure in enumerate((0.5, 0.9, 0.7, 0.6)):
        told = np.full(10, (1 - sure) / 9)
        told[3] = sure
        found.take(position, Label.certain(4, classes), Label(classes, told))
    pictures = worst_pictures(t, found, t.val)
    save_worst(t, "val", found, pictures, [f"{number}.png" for number in range(len(t.val))], heard)
    sheet = Image.open(t.run.path / "mistakes.png")
    assert sheet.width > 3 * 200
    assert heard.said[0].startswith(f"4 of {len(t.val)} images of val are predicted wrong: ")
    first = np.asarray(sheet.convert("L"))[-100:-40, 30:180]
    pixels = np.asarray(t.val.images.source(1))
    shown = np.asarray(Image.fromarray(pixels[..., 0] if pixels.ndim == 3 else pixels).resize((200, 200), 0))
    assert abs(float(first.mean()) - float(shown[-85:-25, 22:172].mean())) < 40
    save_worst(t, "val", MistakeCollector(), {}, [], heard)
    assert not (t.run.path / "mistakes.png").exists()


def test_a_sheet_has_room_for_everything() -> None:
    cells = [Cell(Image.new("RGB", size, "red"), words) for size, words in (((50, 20), "a"), ((30, 60), ""))]
    cells.append(Cell(Image.new("RGB", (80, 10), "blue"), "a very long name that cannot fit.png"))
    sheet = np.asarray(contact_sheet(cells, 2, "title " * 9))
    red, blue = ((sheet == colour).all(axis=2).sum() for colour in ((255, 0, 0), (0, 0, 255)))
    assert (red, blue) == (50 * 20 + 30 * 60, 80 * 10)
    assert sheet.shape[1] == 80 + 30 + 3 * 8
