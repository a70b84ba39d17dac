"""Explanations beside other tools, a part at a time; each prints one table, measured in one run.

    python benchmarks/explain.py equality PHOTOS [--side 96]
    python benchmarks/explain.py randomise PHOTOS [--net imagenet]
    python benchmarks/explain.py coordinates [--minutes 1] [--pictures 40]
    python benchmarks/explain.py occlusion PHOTOS [--net resnet50] [--side 224] [--window 15] [--stride 8]
    python benchmarks/explain.py samples PHOTOS [--net resnet50] [--side 224] [--truth 20000] [--seeds 10]
    python benchmarks/explain.py areas PHOTOS [--side 84]
    python benchmarks/explain.py verdicts PHOTOS [PHOTOS ...] [--net imagenet] [--tries 100] [--draws 10]
    python benchmarks/explain.py shortcut SIGN_DIGITS [--with-mark 10] [--without 10]

`equality` compares maps with those of captum and pytorch-grad-cam at equal settings, before anything is normalised, on
networks of the catalogue with random weights and a photo. `randomise` compares them with those of the same network with
fresh weights. `occlusion` tells how long it takes in every engine and number format, beside captum. `samples` tells how
long LIME and RISE take until their maps are settled, what memory that takes, and which regions LIME marks by ten seeds,
beside lime and xaitk-saliency. `coordinates` trains a detector of drawn shapes and tells which share of a box's map is
inside of it. `areas` compares deletion and insertion with torch-cam's, ROAD with pytorch-grad-cam's. `verdicts` counts
how often maps that know nothing of a network are called faithful, and how often Grad-CAM is. `shortcut` trains on sign
digits with a mark planted into a class, and without, and tells which shortcuts are told.
"""

import argparse
from importlib import import_module

from measuring import versions

# What is asked for on the command line, and the module that has `add_options(parser)` and `run(arguments)`.
PARTS = {
    "equality": "explain_equality",
    "randomise": "explain_randomise",
    "occlusion": "explain_occlusion",
    "samples": "explain_samples",
    "coordinates": "explain_coordinates",
    "areas": "explain_areas",
    "verdicts": "explain_verdicts",
    "shortcut": "explain_shortcut",
}


def main() -> None:
    """Run the part that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    for name, module in PARTS.items():
        import_module(module).add_options(parts.add_parser(name))
    arguments = parser.parse_args()
    import_module(PARTS[arguments.part]).run(arguments)
    print("\n" + versions("convsight", "torch", "timm", "captum", "openvino"))


if __name__ == "__main__":
    main()
