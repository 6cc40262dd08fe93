"""The benchmark: it refuses wrong results, counts what it says, takes turns, and prints a table or JSON."""

import json
import subprocess
from pathlib import Path

import numba
import numpy as np
import pytest
from comparing import assert_close

from segnet_np.cli import main
from segnet_np.layers import Conv2d, convolve_winograd
from segnet_np.verify.bench import ours, pytorch, run, verified
from segnet_np.verify.bench.cases import Case, algorithm_of, convolutions_of
from segnet_np.verify.bench.in_turn import Timing, Workers, ratio

SMALL = Case("train", 2, 32, 48, 4)


def test_operations_are_those_of_direct_convolution():
    conv = Case("forward", 2, 6, 8, 3, out_channels=5, kernel_size=7)
    assert conv.gflop == pytest.approx(2e-9 * 2 * 6 * 8 * 3 * 5 * 49)
    # By hand: products for each pixel of the input, stage by stage, each at a quarter of the one before; the
    # decoder mirrors the encoder but for its ends, 3 channels and 11 classes.
    encoder = 67 * 64, 192 * 128 / 4, 640 * 256 / 16, 1280 * 512 / 64, 1536 * 512 / 256
    decoder = sum(encoder) - 3 * 64 + 11 * 64
    forward = Case("inference", 8, 96, 96, 64).gflop
    assert forward == pytest.approx(2e-9 * 9 * 8 * 96 * 96 * (sum(encoder) + decoder))
    first = 2e-9 * 8 * 96 * 96 * 3 * 64 * 9
    assert Case("train", 8, 96, 96, 64).gflop == pytest.approx(3 * forward - first)


def test_the_convolutions_of_a_net_have_its_sizes():
    found = convolutions_of(Case("train", 2, 45, 61, 4))
    assert len(found) == 26
    assert (found["conv53"].height, found["conv53"].width) == (2, 3)
    assert (found["conv11d"].height, found["conv11d"].out_channels) == (45, 11)
    assert algorithm_of(found["conv11"]) == "direct"
    basic = convolutions_of(Case("train", 2, 40, 56, 4, "segnet-basic"))
    assert [case.kernel_size for case in basic.values()] == [7] * 8 + [1]


@pytest.mark.parametrize("what", ["forward", "dx", "dweight"])
def test_both_sides_do_the_same_convolution(what):
    case = Case(what, 2, 6, 8, 3, out_channels=5)
    shape = {"forward": (2, 5, 6, 8), "dx": (2, 3, 6, 8), "dweight": (5, 3, 3, 3)}[what]
    mine = ours.prepare(case)()
    mine = mine if what == "dweight" else mine.transpose(0, 3, 1, 2)
    assert mine.shape == shape
    for channels_last in (False, True):
        theirs = pytorch.prepare(case, channels_last)()
        theirs = theirs if what == "forward" else next(t for t in theirs if t is not None)
        assert_close(mine, theirs.numpy(), 1e-6)


def test_pytorch_waits_as_its_user_has_it(monkeypatch):
    """What this package sets for its own OpenMP must not reach PyTorch's; what the user set must."""
    started = {}

    class Process:
        def __init__(self, command, env, **_):
            started[command[-1]] = command[2], env

        kill = communicate = lambda self: None

    monkeypatch.setattr("segnet_np.verify.bench.in_turn.subprocess.Popen", Process)
    for given, reaches in (("20000", None), ("77", "77")):
        monkeypatch.setenv("GOMP_SPINCOUNT", given)
        with Workers(threads=1):
            pass
        assert started["PyTorch"][1].get("GOMP_SPINCOUNT") == reaches
    # PyTorch's OpenMP reads the variable when it is loaded, and importing this package sets it again.
    assert started["PyTorch"][0].startswith("import torch;")
    assert "torch" not in started["segnet_np"][0]


def test_so_do_the_peers_of_the_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    from benchmarks import peers

    started = []

    def run(command, **_):
        started.append(command)
        return subprocess.CompletedProcess(command, 0, stdout='{"first": 1, "median": 1}\n')

    monkeypatch.setattr(peers.subprocess, "run", run)
    for side in (peers.COMPILED, peers.ONNX, "segnet_np"):
        peers._in_process(side, SMALL)
    assert [command[2].startswith("import torch;") for command in started] == [True, False, False]


def test_sides_take_turns_in_processes_of_their_own():
    turns = []
    with Workers(threads=1) as workers:
        assert workers.sides == ("segnet_np", "PyTorch", "PyTorch channels_last")
        timings = workers.time(SMALL, rounds=2, done=lambda: turns.append(1))
        with pytest.raises(RuntimeError, match="the process of segnet_np ended with code 1"):
            workers.time(Case("train", 2, 8, 8, 4), rounds=1)  # too small a picture
    assert len(turns) == 6
    for timing in timings.values():
        assert len(timing.rounds) == 2
        assert 0 < min(timing.rounds) <= timing.median
    assert ratio(timings) == timings["segnet_np"].median / min(
        timing.median for side, timing in timings.items() if side != "segnet_np"
    )


def test_median_and_spread():
    timing = Timing((4.0, 1.0, 2.0, 3.0, 10.0))
    assert timing.median == 3
    assert timing.spread == pytest.approx((4 - 2) / 2 / 3)
    assert np.isnan(ratio({"segnet_np": timing}))


def test_wrong_results_are_not_timed(monkeypatch):
    assert len(verified.verify_layers()) == 7
    backward = Conv2d.lazy_backward

    def wrong(self, *rest):
        dx = backward(self, *rest)
        self.weight.grad *= 1.01
        return dx

    monkeypatch.setattr(Conv2d, "lazy_backward", wrong)
    said = r"convolution, direct, 16 channels, 3x3 on 7x9: an error of .* nothing was timed"
    with pytest.raises(RuntimeError, match=said):
        verified.verify_layers()


def test_a_net_that_winograd_spoils_is_not_timed(monkeypatch):
    case = Case("train", 2, 32, 48, 8)
    assert "all convolutions of segnet, three passes" in verified.verify_convolutions(case)
    correlate = convolve_winograd.correlate
    monkeypatch.setattr(convolve_winograd, "correlate", lambda *rest: (1.01 * correlate(*rest)[0], None))
    with pytest.raises(RuntimeError, match=r"forward 8->8 of 3x3, .* by F\(4x4\).* nothing was timed"):
        verified.verify_convolutions(case)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(run.peaks, "gflops", lambda: 100.0)
    monkeypatch.setattr(run.peaks, "gigabytes", lambda: 10.0)


ARGUMENTS = ["bench", "--width", "4", "--batch", "2", "--size", "32", "48", "--rounds", "1", "--threads", "1"]


def test_the_command_prints_a_table(quick, capsys):
    threads = numba.get_num_threads()
    assert main(ARGUMENTS) == 0
    out = capsys.readouterr().out
    assert "train segnet width 4, 2x3x32x48" in out
    assert "PyTorch channels_last, ms" in out
    assert "pooling and unpooling: 0e+00" in out
    assert numba.get_num_threads() == threads


def test_json_is_one_object_and_all_there_is(quick, capsys):
    assert main([*ARGUMENTS, "--json"]) == 0
    cases = json.loads(capsys.readouterr().out)["cases"]
    assert [case["what"] for case in cases] == ["train", "inference"]
    sides = cases[0]["sides"]
    others = [side["median"] for name, side in sides.items() if name != "segnet_np"]
    assert cases[0]["ratio"] == sides["segnet_np"]["median"] / min(others)


def test_without_pytorch_it_times_ours(quick, capsys, monkeypatch):
    monkeypatch.setattr("segnet_np.verify.bench.in_turn.find_spec", lambda name: None)
    assert main(ARGUMENTS) == 0
    assert "PyTorch is not installed, so there is nothing to compare with." in capsys.readouterr().out


def test_peaks_are_peaks():
    """Faster than one number at a time, slower than any processor of today."""
    assert 1 < run.peaks.gflops() < 1e5
    assert 0.1 < run.peaks.gigabytes() < 1e4


def test_wrong_options(capsys):
    for option, words in (
        (["--size", "31", "64"], "31"),
        (["--width", "0"], ">= 1"),
        (["--model", "unet"], "unet"),
    ):
        with pytest.raises(SystemExit):
            main(["bench", *option])
        assert words in capsys.readouterr().err


def test_info_ignores_no_option(capsys):
    assert main(["info", "--width", "8", "--size", "32", "32"]) == 2
    assert "--width, --size: says which net --layers is about" in capsys.readouterr().err


def test_info_says_how_layers_are_computed(capsys):
    assert main(["info", "--layers", "--width", "16", "--batch", "4"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line.split()[-1] for line in out.splitlines() if line.startswith("conv")}
    assert len(lines) == 26
    assert lines["conv11"] == "direct"
    assert lines["conv12"] == "F(4x4)"
