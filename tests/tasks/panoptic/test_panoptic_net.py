"""What the network of classes, centres and offsets is taught, and that the reader undoes it."""

import numpy as np
import torch

from convsight.nets.entry import NetShape
from convsight.tasks.panoptic.light.grouping import centres_of, grouped
from convsight.tasks.panoptic.panoptic_net import build_panoptic, bumps_and_offsets, panoptic_losses
from convsight.tasks.panoptic.panoptic_tensors import IGNORE


def numbered() -> torch.Tensor:
    ids = torch.zeros(2, 40, 60, dtype=torch.int32)
    ids[0, 5:15, 5:15], ids[0, 5:15, 15:30], ids[0, 25:39, 40:50] = 4, 2, 9
    return ids


def test_centres_and_offsets_are_read_back() -> None:
    ids = numbered()
    bumps, offsets = bumps_and_offsets(ids)
    centres = centres_of(bumps[0].numpy())
    assert sorted(centres.tolist()) == [[9, 9], [9, 22], [31, 44]]  # between cells: the first one
    rows = offsets[0].numpy()[::-1] * np.array([40, 60])[:, None, None]
    groups = grouped(centres, rows.astype(np.float32))
    pairs = {(int(a), int(b)) for a, b in zip(ids[0].flatten(), groups.flatten(), strict=True) if a}
    assert len(pairs) == 3
    assert not bumps[1].any()
    assert not offsets[1].any()


def test_what_is_right_costs_nothing_and_what_is_unknown_neither() -> None:
    ids = numbered()
    classes = (ids > 0).long() * 2
    bumps, offsets = bumps_and_offsets(ids)
    logits = 40.0 * torch.nn.functional.one_hot(classes, 3).permute(0, 3, 1, 2)
    perfect = (logits, torch.logit(bumps.clamp(1e-6, 1 - 1e-6)), offsets)
    assert float(panoptic_losses(perfect, classes, ids, IGNORE)["total"]) < 1e-3
    wrong = (logits.flip(1), perfect[1], offsets)
    assert float(panoptic_losses(wrong, classes, ids, IGNORE)["total"]) > 1
    unknown = torch.full_like(classes, IGNORE)
    losses = panoptic_losses(wrong, unknown, torch.zeros_like(ids), IGNORE)
    assert float(losses["total"]) == 0


def test_an_offset_is_a_share_of_the_sides() -> None:
    ids = torch.zeros(1, 10, 20, dtype=torch.int32)
    ids[0, 2:7, 4:13] = 1
    _, offsets = bumps_and_offsets(ids)
    torch.testing.assert_close(offsets[0, :, 2, 4], torch.tensor([4 / 20, 2 / 10]))


def test_maps_have_the_size_of_the_images() -> None:
    for encoder in ("", "small"):
        net = build_panoptic(encoder, NetShape(5, 3, 64, 96)).eval()
        with torch.no_grad():
            found = net.arrays(torch.randn(2, 3, 64, 96))
        assert found["probabilities"].shape == (2, 5, 64, 96)
        assert found["centres"].shape == (2, 64, 96)
        assert found["offsets"].shape == (2, 2, 64, 96)
