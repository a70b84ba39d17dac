"""Whether products in bfloat16 gain anything on a device."""

import torch


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the hardware has products of matrices in bfloat16; where it has not, they are slower than in float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    on_cpu = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return device.type == "cpu" and bool(on_cpu)
