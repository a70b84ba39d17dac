"""The last step of a training: the network as a graph that needs no PyTorch, proven on validation images."""

from functools import partial

from convsight.card import Card
from convsight.errors import UserError
from convsight.export.export import export_network
from convsight.export.exporters import check_installed
from convsight.export.proof_images import enough_images, proof_images
from convsight.progress import Listener
from convsight.run import Run
from convsight.training.data import Prepared


def export_trained(run: Run, card: Card, prepared: Prepared, max_megapixels: float, listener: Listener) -> None:
    """Write `model.onnx` beside the trained network, with its final `card`.

    Where that cannot be done, or the proof fails, the training is not lost: the reason is said, and no file is left.
    """
    images = partial(proof_images, enough_images(prepared.dataset), card.input, max_megapixels)
    try:
        check_installed("onnx")
        export_network(run.model_file, card, "onnx", run.exported_file, images, listener)
    except UserError as error:
        listener.say(f"no model.onnx: {error}")
    else:
        listener.say(f"exported to {run.exported_file}")
