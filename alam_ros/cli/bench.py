"""`alam bench`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from alam_ros.bench.cuda import LEARNERS, cuda
from alam_ros.bench.figure import draw, draw_safety
from alam_ros.bench.growth import Growth, growth
from alam_ros.bench.loop import loop, loop_document
from alam_ros.bench.sizes import Sizes
from alam_ros.bench.text import cuda_text, growth_text, loop_text, safety_text, update_cost_text
from alam_ros.bench.time_to_safety import OURS, REFERENCE, criteria, measure
from alam_ros.bench.update_cost import UpdateCost, update_cost
from alam_ros.cli import bench_ros
from alam_ros.cli.arguments import interpreter, new_file, positive_integer, seed
from alam_ros.cli.configuration import load_configuration
from alam_ros.cli.environments import make_environments, own_safety_gymnasium_task
from alam_ros.errors import ConfigurationError
from alam_ros.host.machine import describe_machine, describe_versions
from alam_ros.learning.device import find_device
from alam_ros.report.theme import LIGHT, png, styled

PEERS = Path(sys.prefix) / "peers" / "bin" / "python"


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for and print it."""
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _learner(options: argparse.Namespace) -> int:
    if options.no_growth and options.figure is not None:
        raise ConfigurationError("--figure, which draws the growth, without --no-growth", "both", "leave one out")
    sizes = Sizes()
    report = (lambda _: None) if options.json else _report
    report("updates, side by side")
    cost = update_cost(sizes, options.rounds, _peers(options), options.starts)
    if not options.json:
        print(update_cost_text(cost) + "\n", flush=True)
    grown = None if options.no_growth else growth(sizes, options.growth_rounds, report)
    if options.json:
        print(json.dumps(_document(cost, grown)))
    elif grown is not None:
        print(growth_text(grown))
    if grown is not None and options.figure is not None:
        with styled(LIGHT):
            options.figure.write_bytes(png(draw(LIGHT, grown, sizes)))
    return 0


def _loop(options: argparse.Namespace) -> int:
    config = load_configuration("navigation", [f"trainer.steps={options.steps}", *options.overrides])
    own_task = own_safety_gymnasium_task if find_spec("safety_gymnasium") else None
    found = loop(config, make_environments, own_task, (lambda _: None) if options.json else _report)
    if options.json:
        print(json.dumps({"machine": describe_machine(), "versions": describe_versions(), **loop_document(found)}))
    else:
        print(loop_text(found))
    return 0


def _safety(options: argparse.Namespace) -> int:
    common = [
        f"trainer.steps={options.steps}",
        f"trainer.evaluate_every={options.every}",
        f"trainer.evaluation_episodes={options.episodes}",
        f"trainer.seed={options.seed}",
    ]
    configs = {name: load_configuration("navigation", [*common, f"algorithm.name={name}", *options.overrides]) for name in OURS}
    found = dict(measure(configs, make_environments, _peers(options), options.output, _report))
    wanted = criteria(found[REFERENCE], configs[REFERENCE].algorithm.constraint.episode_cost_limit)
    if options.json:
        document = {
            "machine": describe_machine(),
            "versions": describe_versions(),
            "criteria": {name: asdict(criterion) for name, criterion in wanted.items()},
            "evaluations": {name: [asdict(evaluation) for evaluation in rows] for name, rows in found.items()},
        }
        print(json.dumps(document))
    else:
        print(safety_text(found, wanted, options.episodes))
    if options.figure is not None:
        with styled(LIGHT):
            options.figure.write_bytes(png(draw_safety(LIGHT, found, wanted)))
    return 0


def _peers(options: argparse.Namespace) -> Path | None:
    """Return the peers' Python, where there is one and it is wanted."""
    return options.peers if options.peers is not None and options.peers.is_file() else None


def _cuda(options: argparse.Namespace) -> int:
    device = find_device("cuda")
    hidden, batch = (options.width,) * 2, options.batch
    report = (lambda _: None) if options.json else _report
    found = cuda(Sizes(hidden=hidden, batch=batch), device, options.rounds, options.learners, report)
    if options.json:
        print(json.dumps({"machine": describe_machine(), "versions": describe_versions(), **asdict(found)}))
    else:
        print(cuda_text(found))
    return 0


def _document(cost: UpdateCost, grown: Growth | None) -> dict[str, object]:
    found = asdict(cost)
    peers = found.pop("versions")
    return {
        "machine": describe_machine(),
        "versions": {"ours": describe_versions(), **peers},
        **found,
        "growth": None if grown is None else asdict(grown),
    }


def _report(what: str) -> None:
    print(f"alam bench: {what}", file=sys.stderr)


def _add_peers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--peers",
        type=interpreter,
        default=PEERS,
        metavar="PYTHON",
        help="of the peers' environment (default: what `make bench` made; without it they are left out)",
    )
    parser.add_argument("--no-peers", dest="peers", action="store_const", const=None, help="leave them out in any case")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="alam bench", description="Measure against peers and against the machine.")
    subjects = parser.add_subparsers(metavar="SUBJECT", required=True)
    learner = subjects.add_parser(
        "learner",
        help="CPU time of an update, its share of the machine's rate, and how it grows",
        description="CPU time of an update beside Stable-Baselines3 and OmniSafe, in turns of a quarter of a second; its share of"
        " the machine's rate of matrix products; its growth with replay, width and batch. Takes some minutes.",
    )
    learner.set_defaults(run=_learner)
    learner.add_argument("--json", action="store_true", help="print one JSON document")
    learner.add_argument("--rounds", type=positive_integer, default=8, help="of each start of the comparison (default 8)")
    learner.add_argument("--starts", type=positive_integer, default=6, help="of all its processes (default 6)")
    learner.add_argument("--growth-rounds", type=positive_integer, default=7, help="of each size (default 7)")
    learner.add_argument("--no-growth", action="store_true", help="leave out replay sizes, widths and batches")
    learner.add_argument("--figure", type=new_file, metavar="FILE", help="draw updates a second over width and batch, PNG")
    _add_peers(learner)
    bench_ros.add(subjects)
    around = subjects.add_parser(
        "loop",
        help="share of a training that is no update, and steps a second of the simulators",
        description="Where the wall time of a training on alam/Navigation-v0 goes, steps a second of the simulators on one core,"
        " and Safety-Gymnasium through our adapter beside itself. For figures of two cores, let nothing else run. Some minutes.",
    )
    around.set_defaults(run=_loop)
    around.add_argument("overrides", metavar="key=value", nargs="*", help="override of the training's configuration")
    around.add_argument("--json", action="store_true", help="print one JSON document")
    around.add_argument("--steps", type=positive_integer, default=12_000, help="of the training (default 12000)")
    gpu = subjects.add_parser(
        "cuda",
        help="updates a second on a GPU, one learner and several at once",
        description="Updates a second on a CUDA device with CUDA graphs, for one learner and for several updated together, beside"
        " one core of the same machine and the device's rate of batched products. Needs a CUDA device; about a minute.",
    )
    gpu.set_defaults(run=_cuda)
    gpu.add_argument("--json", action="store_true", help="print one JSON document")
    gpu.add_argument("--rounds", type=positive_integer, default=7, help="of each figure (default 7)")
    gpu.add_argument("--width", type=positive_integer, default=256, help="of the two hidden layers (default 256)")
    gpu.add_argument("--batch", type=positive_integer, default=256, help="transitions an update (default 256)")
    gpu.add_argument(
        "--learners", type=positive_integer, nargs="+", default=LEARNERS, metavar="N", help="at once (default 1 3 8 16 32 64)"
    )
    safety = subjects.add_parser(
        "safety",
        help="minutes of training to a safe policy, ours and OmniSafe's SACLag",
        description="Trains on alam/Navigation-v0, one learner after the other, and says after how many minutes (OmniSafe's"
        " evaluations left out) the policy is within the budget, and at most a quarter of unconstrained SAC's cost, with 60 % of"
        " its return, from then on. Let nothing else run. Three quarters of an hour; what is in --output is not repeated.",
    )
    safety.set_defaults(run=_safety)
    safety.add_argument("overrides", metavar="key=value", nargs="*", help="override of all configurations")
    safety.add_argument("--json", action="store_true", help="print one JSON document")
    safety.add_argument("--steps", type=positive_integer, default=60_000, help="of each training (default 60000)")
    safety.add_argument("--every", type=positive_integer, default=5_000, help="steps between evaluations (default 5000)")
    safety.add_argument("--episodes", type=positive_integer, default=20, help="of an evaluation (default 20)")
    safety.add_argument("--seed", type=seed, default=0, help="of each training (default 0)")
    safety.add_argument("--output", type=Path, default=Path("runs/bench-safety"), metavar="DIR", help="default runs/bench-safety")
    safety.add_argument("--figure", type=new_file, metavar="FILE", help="draw return and cost over the minutes, PNG")
    _add_peers(safety)
    return parser
