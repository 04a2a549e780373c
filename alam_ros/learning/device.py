"""Where learners compute."""

from __future__ import annotations

import torch

from alam_ros.errors import ConfigurationError

DEVICES = ("cpu", "cuda")


def find_device(name: str) -> torch.device:
    """Return the device of a name.

    Args:
        name: "cpu" or "cuda".

    Raises:
        ConfigurationError: when this machine, or this build of torch, has none.
    """
    if name not in DEVICES:
        raise ConfigurationError(f"a device among {', '.join(DEVICES)}", repr(name), "choose one of them")
    if name == "cuda" and not torch.cuda.is_available():
        reason = "a build of torch without CUDA" if torch.version.cuda is None else "no GPU that its driver lets torch use"
        remedy = "leave out `--device cuda`, or install a build of torch with CUDA on a machine with an NVIDIA GPU"
        raise ConfigurationError("a CUDA device", f"torch {torch.__version__}, {reason}", remedy)
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """Return what a record calls the device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def wait_for(device: torch.device) -> None:
    """Wait until the device has done all that it was given; a CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
