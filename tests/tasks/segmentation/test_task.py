import numpy as np
import pytest
import torch
from tests.contracts.tasks import TaskContract
from torch import nn
from torch.nn import functional as F

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Examples, ImageStore, Split
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.results import ClassMaps
from convsight.targets import Palette
from convsight.tasks import task_of
from convsight.tasks.choices import train_settings
from convsight.tasks.segmentation.losses import pixel_loss

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


def test_the_loss_is_cross_entropy_of_the_pixels_that_have_a_class() -> None:
    random = torch.Generator().manual_seed(0)
    logits, masks = torch.randn(4, 3, 9, 7, generator=random), torch.randint(0, 4, (4, 9, 7), generator=random)
    masks[masks == 3] = 255
    expected = F.cross_entropy(logits, masks, ignore_index=255)
    torch.testing.assert_close(pixel_loss(logits, masks.to(torch.uint8), 255), expected)
    weights = torch.tensor([1.0, 2.0, 0.5])
    weighted = F.cross_entropy(logits, masks, weights, ignore_index=255)
    torch.testing.assert_close(pixel_loss(logits, masks.to(torch.uint8), 255, weights), weighted)


def test_a_batch_without_any_class_costs_nothing() -> None:
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    loss = pixel_loss(logits, torch.full((2, 4, 4), 255), 255)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


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
    settings = train_settings(data="x", task="segmentation", class_weights="road=3")
    learner = task_of("segmentation").learner(nn.Identity(), card(), settings)
    found = learner.step(Batch({"image": logits}, {"mask": masks}), lambda *_: None)["total"]
    torch.testing.assert_close(found, F.cross_entropy(logits, masks.long(), torch.tensor([1.0, 3.0, 1.0])))


def test_the_graph_averages_over_the_mirror_image_turned_back() -> None:
    task = task_of("segmentation")
    model = task.build(card()).eval()
    pixels = torch.from_numpy(TestSegmentation().pixels(2))
    mirrored = task.graph(model, card().model_copy(update={"mirror": True}))
    torch.testing.assert_close(
        mirrored(pixels)["probabilities"], mirrored(pixels.flip(2))["probabilities"].flip(3), atol=1e-5, rtol=1e-4
    )
