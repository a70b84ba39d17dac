"""Ultralytics as a peer: its own command line, its packages beside our PyTorch, no network, nothing installed."""

from pathlib import Path

from measuring import peer_packages


def yolo(*words: str) -> list[str]:
    """Its command."""
    return [str(peer_packages("ultralytics") / "bin" / "yolo"), *words]


def yolo_environment(folder: Path) -> dict[str, str]:
    """What its process needs beside the common environment; it leaves its settings in `folder`."""
    folder.mkdir(exist_ok=True)
    return {
        "PYTHONPATH": str(peer_packages("ultralytics")),
        "YOLO_CONFIG_DIR": str(folder),
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
    }
