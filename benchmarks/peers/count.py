"""Multiply-adds of a torchvision network as another tool counts them: `count.py TOOL NET SIDE` prints one number."""

import json
import sys

import torch
import torchvision


def main(tool: str, name: str, side: int) -> None:
    """Print the count on the last line; tools print words of their own before it."""
    net = torchvision.models.get_model(name).eval()
    image = torch.randn(1, 3, side, side)
    if tool == "torchinfo":
        import torchinfo

        count = torchinfo.summary(net, input_data=image, verbose=0).total_mult_adds
    elif tool == "thop":
        import thop

        count, _ = thop.profile(net, inputs=(image,), verbose=False)
    elif tool == "fvcore":
        from fvcore.nn import FlopCountAnalysis

        count = FlopCountAnalysis(net, image).total()
    else:
        import ptflops

        count, _ = ptflops.get_model_complexity_info(
            net, (3, side, side), as_strings=False, print_per_layer_stat=False, backend="pytorch"
        )
    print(json.dumps(int(count)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
