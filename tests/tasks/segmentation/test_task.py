from typing import Any

import numpy as np
import pytest
import torch
from tests.contracts.tasks import TaskContract
from torch import nn
from torch.nn import functional as F

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Dataset, Examples, ImageStore, Split
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.nets.segmenter import Segmenter
from convsight.results import ClassMaps
from convsight.rng import RngKeys
from convsight.targets import Palette
from convsight.tasks import task_of
from convsight.tasks.capabilities import augmentation_of, start_of, untried_weights
from convsight.tasks.choices import train_settings
from convsight.tasks.segmentation.losses import MaskLoss

CLASSES = ("sky", "road", "car")


def card(net: str = "unet-s") -> Card:
    image = ImageInput(height=32, width=48, channels=3, fit="pad", mean=(0.5,) * 3, std=(0.25,) * 3)
    return Card(task="segmentation", net=net, target=Palette.of(CLASSES), input=image)


def maps(count: int) -> ClassMaps:
    masks = np.random.default_rng(1).integers(0, 4, (count, 20, 30))
    masks[masks == 3] = 255
    return ClassMaps(masks.astype(np.uint8), CLASSES)


class TestSegmentation(TaskContract):
    def card(self) -> Card:
        return card()

    def targets(self, count: int) -> ClassMaps:
        return maps(count)

    def pixels(self, count: int) -> np.ndarray:
        return np.random.default_rng(0).integers(0, 256, (count, 32, 48, 3), dtype=np.uint8)

    def examples(self, count: int) -> Examples:
        images = np.random.default_rng(0).integers(0, 256, (count, 20, 30, 3), dtype=np.uint8)
        split = Split("train", images, self.targets(count), [str(n) for n in range(count)])
        return Examples(ImageStore.read(split, self.card().input)[0], split.targets)


def test_masks_lie_as_their_images_do() -> None:
    examples = TestSegmentation().examples(3)
    found = task_of("segmentation").targets(examples).take(np.array([2, 0]))["mask"]
    assert found.dtype == torch.uint8
    for mask, sample in zip(found.numpy(), (2, 0), strict=True):
        geometry = examples.images.spec.geometry((30, 20))
        np.testing.assert_array_equal(mask, geometry.mask(maps(3).mask(sample), 255))


def test_a_mask_of_another_size_is_refused() -> None:
    images = np.zeros((1, 21, 30, 3), np.uint8)
    store = ImageStore.read(Split("train", images, maps(1), ["one"]), card().input)[0]
    with pytest.raises(UserError, match="the mask of training image 0 has 30 x 20 px, its image 30 x 21"):
        task_of("segmentation").targets(Examples(store, maps(1)))


def test_classes_count_as_the_user_says() -> None:
    logits, masks = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4), dtype=torch.uint8)
    settings = train_settings(data="x", task="segmentation", class_weights="road=3", loss="ce")
    learner = task_of("segmentation").learner(nn.Identity(), card(), settings)
    found = learner.step(Batch({"image": logits}, {"mask": masks}), lambda *_: None)["total"]
    torch.testing.assert_close(found, F.cross_entropy(logits, masks.long(), torch.tensor([1.0, 3.0, 1.0])))


def test_heads_that_only_a_training_has_are_taught_too() -> None:
    settings = train_settings(data="x", task="segmentation")
    task, described = task_of("segmentation"), card("deeplabv3+mobilenet_v3_large")
    torch.manual_seed(0)
    model = task.build(described)
    batch = Batch({"image": torch.randn(2, 3, 32, 48)}, {"mask": torch.randint(0, 3, (2, 32, 48), dtype=torch.uint8)})
    learner = task.learner(model, described, settings)
    assert learner.reasons == ("loss: ce + dice",)
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    found = learner.step(batch, lambda *_: None)
    assert isinstance(model, Segmenter)
    costs = [
        MaskLoss.named("ce + dice", 255)(each.logits, batch.targets["mask"]) for each in model.answers(batch.image)
    ]
    torch.testing.assert_close(found["others"], 0.5 * costs[1]["total"])
    torch.testing.assert_close(found["total"], costs[0]["total"] + 0.5 * costs[1]["total"])


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"loss": "ce + dcie"}, "unknown loss 'dcie'; did you mean dice"),
        ({"focal_gamma": 2.0}, r"--focal-gamma goes with --loss focal, not with ce \+ dice: leave it out"),
        ({"loss": "focal", "tversky_beta": 0.7}, "--tversky-beta goes with --loss tversky, not with focal"),
    ],
)
def test_losses_that_cannot_be_are_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        train_settings(data="x", task="segmentation", **choices)


def test_the_graph_averages_over_the_mirror_image_turned_back() -> None:
    task = task_of("segmentation")
    model = task.build(card()).eval()
    pixels = torch.from_numpy(TestSegmentation().pixels(2))
    mirrored = task.graph(model, card().model_copy(update={"mirror": True}))
    torch.testing.assert_close(
        mirrored(pixels)["probabilities"], mirrored(pixels.flip(2))["probabilities"].flip(3), atol=1e-5, rtol=1e-4
    )


def varied(masks: torch.Tensor, **choices: Any) -> Batch:
    """Images that show their masks, as a training varies them."""
    split = Split("train", np.zeros((8, 32, 48, 3), np.uint8), maps(8), [str(n) for n in range(8)])
    dataset = Dataset("x", "x", "segmentation", Palette.of(CLASSES), {"train": split})
    settings = train_settings(data="x", task="segmentation", **choices)
    varying = augmentation_of(task_of("segmentation"), dataset, card().input, settings, 30)
    batch = Batch({"image": masks[:, None].float().expand(8, 3, 32, 48)}, {"mask": masks})
    return varying(batch, RngKeys(0, 3, np.arange(8)), 0.5)


def test_masks_follow_their_images_and_stay_bytes() -> None:
    blocks = torch.randint(0, 2, (8, 4, 6), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    masks = blocks.repeat_interleave(8, 1).repeat_interleave(8, 2)
    assert torch.equal(varied(masks, augment="none", flip="none").targets["mask"], masks)
    moved = varied(masks, augment="strong", flip="horizontal")
    mask, seen = moved.targets["mask"], moved.image[:, 0]
    assert mask.dtype == torch.uint8
    assert (mask == 255).any()  # what a turn brings in, nobody knows
    middle = (seen.amax(dim=(1, 2), keepdim=True) + seen.amin(dim=(1, 2), keepdim=True)) / 2
    reach = seen.amax(dim=(1, 2), keepdim=True) - middle
    sure = (mask != 255) & ((seen - middle).abs() > 0.6 * reach)
    assert sure.float().mean() > 0.5
    assert ((seen > middle) == (mask == 1))[sure].all()


def test_what_is_hidden_is_still_there() -> None:
    masks = torch.randint(0, 3, (8, 32, 48), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    plain, hidden = varied(masks), varied(masks, erase=1.0)
    assert torch.equal(plain.targets["mask"], hidden.targets["mask"])
    assert not torch.equal(plain.image, hidden.image)
    assert not torch.equal(varied(masks, rand_augment=20).targets["mask"], plain.targets["mask"])


@pytest.mark.parametrize(
    ("side", "choices", "net", "weights"),
    [
        (160, {}, "unet+efficientnet_lite0", "imagenet"),
        (96, {}, "unet-s", None),
        (160, {"weights": "none"}, "unet-s", None),
        (160, {"net": "unet+resnet18"}, "unet+resnet18", None),
        (96, {"weights": "imagenet"}, "unet+efficientnet_lite0", "imagenet"),
    ],
)
def test_photos_begin_with_a_pretrained_encoder(
    side: int, choices: dict[str, Any], net: str, weights: str | None
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (8, side, side, 3), dtype=np.uint8)
    split = Split("train", images, maps(8), [str(n) for n in range(8)])
    dataset = Dataset("x", "x", "segmentation", Palette.of(CLASSES), {"train": split})
    start = start_of(task_of("segmentation"), dataset, train_settings(data="x", task="segmentation", **choices))
    assert start[:2] == (net, weights)


def test_a_fresh_network_on_photos_is_told_of_weights() -> None:
    task, image = task_of("segmentation"), card().input.model_copy(update={"height": 128, "width": 128})
    for net, option in (("unet-s", "--weights imagenet"), ("unet+resnet18", "--weights imagenet"), ("unet", "")):
        assert untried_weights(task, card(net).model_copy(update={"input": image})) == option
