"""The list of detectors: `python -m convsight.tasks.detection.listing` writes it anew, for lists without PyTorch."""

from convsight.nets.figures import write_list
from convsight.nets.listing import DETECTORS as LIST
from convsight.tasks.detection.networks import DETECTORS, detector_entry


def write_detectors() -> None:
    """Count every detector, at 320 x 320 px and COCO's 80 classes, and write `nets/detectors.json`."""
    write_list(LIST, {name: detector_entry(name) for name in DETECTORS})


if __name__ == "__main__":
    write_detectors()
