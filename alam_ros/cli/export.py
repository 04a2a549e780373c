"""`alam export`."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from alam_ros.cli.arguments import new_file, new_folder
from alam_ros.cli.environments import make_environments
from alam_ros.errors import ConfigurationError
from alam_ros.learning.export import export
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.onboard.unfamiliar import unvaried
from alam_ros.runtime import PolicyRuntime


def main(arguments: Sequence[str]) -> int:
    """Write the policy file of a run and say where it is."""
    parser = argparse.ArgumentParser(prog="alam export", description="Write the policy file of a run's newest checkpoint.")
    parser.add_argument("run", metavar="RUN", type=Path, help="directory of a run")
    parser.add_argument("--output", metavar="FILE.alam", type=new_file, help="the file to write; RUN/policy.alam if not given")
    parser.add_argument("--onnx", metavar="DIR", type=new_folder, help="write the networks there as ONNX, verified against ours")
    options = parser.parse_args(arguments)
    if options.onnx is not None and importlib.util.find_spec("onnx") is None:
        raise ConfigurationError("the package `onnx` for --onnx", "none", "pip install '.[onnx]'")
    output = options.output or options.run / "policy.alam"
    export(RunDirectory(options.run), output, make_environments)
    print(output)
    if text := unvaried(PolicyRuntime.load(output)):
        print(f"note: {text}", file=sys.stderr)
    if options.onnx is not None:
        from alam_ros.learning.onnx_export import export_onnx

        print(*export_onnx(output, options.onnx), sep="\n")
    return 0
