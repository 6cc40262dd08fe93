"""The commands. Here words become calls; the work is done elsewhere.

Each command imports what it needs when it is called, so that ``--help`` is quick.
"""

import argparse
import errno
import io
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from segnet_np.names import shown
from segnet_np.train_options import add_settings, given_settings

# Errors of the system that are no fault of the input.
FAILURES = (errno.ENOSPC, errno.EDQUOT, errno.EIO)

# Options that say which net, on what input.
CASE = ("model", "width", "batch", "size")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the command line, if not given.

    Returns
    -------
    code : int
        0; 1 when something failed or a check did not pass; 2 when the input was wrong; 130 after Ctrl-C.
    """
    # A name that the output cannot spell, as when Windows redirects to a file, ends no command half-way.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    args = _parser().parse_args(arguments)
    try:
        return args.command(args)
    except KeyboardInterrupt as stop:
        return _complain(str(stop) or "interrupted", 130)
    except BrokenPipeError:
        return 1
    except OSError as error:
        if error.filename is not None:
            return _complain(f"{shown(error.filename)}: {error.strerror}", 2)
        return _complain(error.strerror or str(error), 1 if error.errno in FAILURES else 2)
    except (RuntimeError, MemoryError) as error:
        return _complain(str(error) or "not enough memory", 1)
    except (ValueError, TypeError) as error:
        return _complain(str(error), 2)


def _complain(text: str, code: int) -> int:
    print("segnet-np: " + "; ".join(text.splitlines()), file=sys.stderr)
    return code


def _announced_compilation() -> AbstractContextManager[Any]:
    """Says once that kernels are being compiled, where they are."""
    from segnet_np.training.compilation import announced_compilation
    from segnet_np.training.messages import say

    return announced_compilation(say)


def _train(args: argparse.Namespace) -> int:
    from segnet_np.training.loop import train
    from segnet_np.training.start import plan

    config, folder = plan(given_settings(args), args.epochs, args.out, args.resume, args.recipe)
    result = train(config, folder, args.resume)
    if not result.steps_made:
        print(f"The run in {result.folder} is finished: all {config.steps} steps are done.")
    print(f"\nThe weights of step {result.best_step} on the held-out pictures:\n\n{result.metrics}\n")
    print(f"{config.steps} steps in {result.seconds:.0f} s. In {result.folder}:")
    print("  samples.png             held-out pictures, their labels and the predictions")
    print("  strip.png               how it came to see the first few of them")
    print("  curves.png, log.csv     how it went, step by step")
    print("  weights.safetensors     the net, for predict and evaluate")
    print("  config.json, checkpoint.safetensors, checkpoint-previous.safetensors")
    return 0


def _net(args: argparse.Namespace) -> Any:
    """The net of --weights; --views or --no-views, if given, says how it looks at pictures."""
    from segnet_np.models import load

    net = load(args.weights)
    if args.views is not None:
        net.input_views = args.views
    return net


def _predict(args: argparse.Namespace) -> int:
    from segnet_np.training.predict import predict_files

    net = _net(args)
    with _announced_compilation():
        for path in predict_files(net, args.images, args.out):
            print(shown(path))
    return 0


def _explain(args: argparse.Namespace) -> int:
    from segnet_np.lessons.explain import explain_file

    net = _net(args)
    with _announced_compilation():
        print(shown(explain_file(net, args.image, args.out, args.weights)))
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    from segnet_np import plots
    from segnet_np.training.evaluate import evaluate
    from segnet_np.training.setup import held_out_pictures

    net = _net(args)
    pictures = held_out_pictures(args.data, args.split)
    with _announced_compilation():
        metrics = evaluate(net, pictures, progress=True)
    if not metrics.confusion.any():
        raise ValueError(f"evaluate: in {len(pictures)} pictures not one pixel belongs to a class")
    plots.save(plots.confusion(metrics.confusion, metrics.class_names), args.out / "confusion.png")
    if args.json:
        print(json.dumps(metrics.as_dict(), allow_nan=False))
    else:
        print(f"{len(pictures)} pictures\n\n{metrics}\n\n{shown(args.out / 'confusion.png')}")
    return 0


def _gradcheck(args: argparse.Namespace) -> int:
    from segnet_np.verify.suite import check_everything

    ok = True
    with _announced_compilation():
        for report in check_everything(model=args.model):
            print(report, end="\n\n", flush=True)
            ok = ok and report.ok
    print("All gradients are right." if ok else "Some gradients are wrong.")
    return 0 if ok else 1


def _bench(args: argparse.Namespace) -> int:
    from segnet_np.verify.bench.run import run

    result = run(_cases(args), args.rounds, args.threads, args.layers)
    print(json.dumps(result.as_dict()) if args.json else result)
    return 0


def _cases(args: argparse.Namespace) -> list[Any]:
    """What the options of `bench` and `info --layers` describe: a training step and an inference."""
    from segnet_np.verify.bench.cases import Case

    (height, width), batch, channels = args.size or (64, 64), args.batch or 16, args.width or 16
    model = args.model or "segnet"
    return [Case(what, batch, height, width, channels, model) for what in ("train", "inference")]


def _check_data(args: argparse.Namespace) -> int:
    from segnet_np.training.check_data import check_data

    report, ok = check_data(args.data, args.out / "preview.png")
    print(report)
    return 0 if ok else 1


def _info(args: argparse.Namespace) -> int:
    from segnet_np.machine import describe

    ignored = [f"--{name}" for name in CASE if getattr(args, name) is not None and not args.layers]
    if ignored:
        raise ValueError(f"{', '.join(ignored)}: says which net --layers is about, which was not given")
    for name, value in describe().items():
        print(f"{name:<14} {value}")
    if args.layers:
        from segnet_np.verify.bench.cases import algorithm_of, convolutions_of

        case = _cases(args)[0]
        print(f"\nHow the convolutions of a {case.name} are computed:")
        for name, convolution in convolutions_of(case).items():
            shape = convolution.name.removeprefix("forward ")
            print(f"{name:<16} {shape:<34} {algorithm_of(convolution)}")
    return 0


class _Version(argparse.Action):
    """Prints the version; only then is the package imported."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from segnet_np import __version__

        print(f"segnet-np {__version__}")
        parser.exit()


def _at_least(least: int) -> Callable[[str], int]:
    """What reads a whole number of an option and refuses smaller ones."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number >= {least}")
        return int(text)

    return read


def _add_weights(command: argparse.ArgumentParser, default: str | None) -> None:
    text = "a weights.safetensors, or camvid or camvid-segnet: those that come with the package"
    if default:
        text += f" (default {default})"
    command.add_argument("--weights", required=not default, default=default, metavar="F", help=text)
    text = "take the mean of six looks: three sizes, each mirrored, too (default: as the weights say)"
    command.add_argument("--views", action=argparse.BooleanOptionalAction, help=text)


def _add_out(command: argparse.ArgumentParser, what: str) -> None:
    text = f"where to write {what} (default: here)"
    command.add_argument("--out", type=Path, default=Path(), metavar="DIR", help=text)


def _add_case(command: argparse.ArgumentParser) -> None:
    """Options that say which net, on what input."""
    command.add_argument("--model", choices=("segnet", "segnet-basic"), help="(default segnet)")
    command.add_argument("--width", type=_at_least(1), metavar="N", help="of the net (default 16)")
    command.add_argument("--batch", type=_at_least(1), metavar="N", help="pictures (default 16)")
    command.add_argument("--size", type=_at_least(32), nargs=2, metavar=("H", "W"), help="(default 64 64)")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="segnet-np", description="SegNet in NumPy and Numba: train, predict, and check every gradient."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a net; without options: SegNet-Basic on painted scenes, a minute or two on two cores",
    )
    train.set_defaults(command=_train)
    train.add_argument(
        "--recipe",
        metavar="NAME",
        help="settings to start from: one of docs/training.md, such as scenes, or a .toml file",
    )
    add_settings(train)
    length = train.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, metavar="N", help="how many steps")
    length.add_argument("--epochs", type=float, metavar="N", help="how often to go through the pictures")
    train.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default: new, in runs)")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")

    predict = commands.add_parser("predict", help="segment pictures of any size")
    predict.set_defaults(command=_predict)
    _add_weights(predict, default="camvid")
    help_images = "PNG or JPEG; a name like -x.png as ./-x.png"
    predict.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help=help_images)
    _add_out(predict, "the label and overlay pictures")

    explain = commands.add_parser("explain", help="one page about what each stage sees in a picture")
    explain.set_defaults(command=_explain)
    _add_weights(explain, default="camvid")
    explain.add_argument("image", type=Path, metavar="IMAGE", help="PNG or JPEG, as for predict")
    explain.add_argument(
        "--out", type=Path, default=Path("report.html"), metavar="F", help="(default report.html)"
    )

    evaluate = commands.add_parser("evaluate", help="judge weights by labelled pictures")
    evaluate.set_defaults(command=_evaluate)
    # No default: without --data it judges by painted scenes, which no photograph's net should be judged by.
    _add_weights(evaluate, default=None)
    evaluate.add_argument("--data", metavar="DIR", help="data folder (default: the held-out street scenes)")
    evaluate.add_argument("--split", help="of --data: train, val (default) or test")
    _add_out(evaluate, "confusion.png")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    gradcheck = commands.add_parser("gradcheck", help="check every layer and net against finite differences")
    gradcheck.set_defaults(command=_gradcheck)
    gradcheck.add_argument(
        "--model", choices=("segnet", "segnet-basic"), help="check the layers and only this net"
    )

    bench = commands.add_parser("bench", help="time a net beside PyTorch, where that is installed")
    bench.set_defaults(command=_bench)
    _add_case(bench)
    bench.add_argument("--layers", action="store_true", help="also time each convolution, which takes longer")
    bench.add_argument("--rounds", type=_at_least(1), default=7, metavar="N", help="of each side (default 7)")
    bench.add_argument("--threads", type=_at_least(1), metavar="N", help="of each side (default: all)")
    bench.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    check_data = commands.add_parser("check-data", help="say what the labels of a data folder hold")
    check_data.set_defaults(command=_check_data)
    check_data.add_argument("data", type=Path, metavar="DIR")
    _add_out(check_data, "preview.png")

    info = commands.add_parser("info", help="describe this machine: processor, threads, versions, cache")
    info.set_defaults(command=_info)
    info.add_argument("--layers", action="store_true", help="and how each convolution of a net is computed")
    _add_case(info)
    return parser
