"""One network exported and proven: `agree.py NET PHOTOS SEED` prints a JSON line of the proofs, or of the reason."""

import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from random_networks import random_network

from convsight.card import Proof
from convsight.errors import UserError
from convsight.export.export import export_network
from convsight.export.parity_check import prove
from convsight.export.proof_images import proof_images
from convsight.export.torch_engine import save_network
from convsight.progress import Silent


def main(name: str, photos: str, seed: str) -> None:
    """Export, and print what the proof found, whether or not it holds."""
    files = sorted(Path(photos).iterdir())
    seen: list[Proof] = []
    began = time.perf_counter()
    reason = ""
    try:
        network, card = random_network(name, files, int(seed))
        with tempfile.TemporaryDirectory() as folder:
            source, file = Path(folder) / "model.safetensors", Path(folder) / "model.onnx"
            save_network(source, network, card)
            del network
            # The proofs of a network whose export fails are wanted too.
            with patch("convsight.export.export.prove", partial(recording, seen)):
                export_network(source, card, "onnx", file, partial(proof_images, files, card.input, 100.0), Silent())
    except UserError as error:
        reason = str(error)
    except Exception as error:  # whatever else an export runs into is told like a failed one
        reason = f"{type(error).__name__}: {error}"
    proofs = [proof.model_dump() | {"holds": proof.holds} for proof in seen]
    print(json.dumps({"proofs": proofs, "reason": reason, "seconds": time.perf_counter() - began}))


def recording(seen: list[Proof], *arguments: Any) -> tuple[Proof, ...]:
    """`prove`, whose proofs are noted."""
    proofs = prove(*arguments)
    seen.extend(proofs)
    return proofs


if __name__ == "__main__":
    main(*sys.argv[1:])
