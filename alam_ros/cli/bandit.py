"""`alam bandit`."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from itertools import groupby
from statistics import mean

import torch

from alam_ros.cli.arguments import new_file, positive_integer, positive_number
from alam_ros.learning.bandit import LEARNING_RATES, VARIANTS, BanditResult, sweep
from alam_ros.report.figures.bandit import draw
from alam_ros.report.theme import LIGHT, png, styled
from alam_ros.typed import finite

FIGURES = ("mean_error", "state_error", "violation", "oscillation")


def main(arguments: Sequence[str]) -> int:
    """Run the sweep and print its figures."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(1)  # the networks are too small to share
    torch.set_flush_denormal(True)
    results: list[BanditResult] = []
    runs = sweep(range(options.seeds), options.learning_rates, steps=options.steps)
    for (variant, learning_rate), group in groupby(runs, lambda result: (result.variant, result.learning_rate)):
        runs_of_one = list(group)
        if not (results or options.json):
            print(_row("variant", "rate", FIGURES))
        results += runs_of_one
        if not options.json:
            print(_row(variant, f"{learning_rate:.0e}", _spreads(runs_of_one)), flush=True)
    if options.figure is not None:
        with styled(LIGHT):
            options.figure.write_bytes(png(draw(LIGHT, results)))
    if options.json:
        document = {"steps": options.steps, "results": [dataclasses.asdict(result) for result in results]}
        print(json.dumps(finite(document), allow_nan=False))
    return 0


def _spreads(results: Sequence[BanditResult]) -> list[str]:
    columns = ([getattr(result, figure) for result in results] for figure in FIGURES)
    return [f"{mean(column):.3f} ({min(column):.3f}-{max(column):.3f})" for column in columns]


def _row(variant: str, learning_rate: str, columns: Sequence[str]) -> str:
    width = max(map(len, VARIANTS))
    return f"{variant:<{width}} {learning_rate:>6}  " + "  ".join(f"{column:<19}" for column in columns).rstrip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam bandit",
        description="Compare rules of updating the multiplier on a problem whose multiplier is known. Prints mean"
        " (minimum-maximum) over the seeds, for the last quarter of training.",
    )
    parser.add_argument("--seeds", type=positive_integer, default=3, help="runs of each variant and rate (default 3)")
    parser.add_argument(
        "--learning-rates",
        type=positive_number,
        nargs="+",
        default=LEARNING_RATES,
        metavar="RATE",
        help="of the multiplier network",
    )
    parser.add_argument("--steps", type=positive_integer, default=3000, help="of each run (default 3000)")
    parser.add_argument("--figure", type=new_file, metavar="FILE", help="draw errors and violations over the rate, PNG")
    parser.add_argument("--json", action="store_true", help="print one JSON document with every run")
    return parser
