"""The options of ``segnet-np train`` that are settings of a run, in a table: what each is called and means.

:class:`segnet_np.training.config.Config` says more of each. This file imports nothing of the package, so
that ``--help`` is quick.
"""

import argparse

# Name, type, what stands for the value, help. A bool can be switched on and off.
SETTINGS: tuple[tuple[str, type, str, str], ...] = (
    ("data", str, "DIR", "folder with train, trainannot, val and valannot"),
    (
        "hold_out",
        str,
        "PREFIX",
        "judge by the train pictures whose names begin so, not by val",
    ),
    ("model", str, "M", "segnet-basic (default) or segnet"),
    ("width", int, "N", "channels of the first stage"),
    ("kernel_size", int, "N", "of segnet-basic's convolutions, odd; segnet's are 3"),
    ("ceil_mode", bool, "", "pool odd sizes as Caffe does"),
    ("dropout", float, "P", "in the deeper stages, below 1"),
    ("normalisation", str, "W", "of the input: standard (default) or response"),
    ("scale", float, "X", "train, and later predict, at this part of the pictures' size"),
    ("crop", int, "N", "side of the square windows trained on; 0: whole pictures"),
    ("batch", int, "N", "windows in a step"),
    ("zoom", float, "X", "random size of each picture, up to X times larger or smaller"),
    ("stretch", float, "X", "random width of each picture, up to X times wider or narrower"),
    ("flip", bool, "", "mirror every other picture (default)"),
    ("colour", float, "X", "random change of contrast, saturation and brightness (default 0.25)"),
    ("light", float, "X", "random change of gamma and tint (default 0)"),
    ("views", bool, "", "predict by the mean of six looks: three sizes, each mirrored, too"),
    ("optimizer", str, "O", "adamw (default) or sgd, which takes its own rate and decay"),
    ("lr", float, "X", "highest learning rate"),
    ("bias_rate", float, "X", "how much faster biases learn (default 1)"),
    ("weight_decay", float, "X", "of the convolutions' weights"),
    ("schedule", str, "S", "one-cycle (default), poly or constant"),
    ("class_weights", str, "W", "median (default), none or camvid-published"),
    ("balance", float, "X", "power of the class weights, 0 to 1"),
    ("seed", int, "N", "of weights, order, crops and dropout (default 0)"),
    ("statistics", str, "S", "of batch norm when judged: running (default) or full-pass"),
    ("keep", str, "W", "which weights: best mean_iou (default), best global_accuracy, or last"),
    ("validate_every", int, "K", "look at held-out pictures each K steps"),
    ("checkpoint_every", int, "K", "save a checkpoint each K steps"),
)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Give a parser an option for each setting."""
    for name, kind, metavar, text in SETTINGS:
        option = "--" + name.replace("_", "-")
        if kind is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        else:
            parser.add_argument(option, type=kind, metavar=metavar, help=text)


def given_settings(args: argparse.Namespace) -> dict[str, object]:
    """The settings that the command line named."""
    names = [*(name for name, *_ in SETTINGS), "steps"]
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}
