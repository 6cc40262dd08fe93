"""Every command and every line of code in the README does what it says, in a folder of its own."""

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from segnet_np.data.scenes import street_scene

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
DEMO = Path("runs/scenes-segnet-basic-w64")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands():
    """All calls of segnet-np, as lists of arguments, in their order."""
    lines = [
        part.strip() for block in blocks("sh") for line in block.splitlines() for part in line.split("&&")
    ]
    return [shlex.split(line)[1:] for line in lines if shlex.split(line)[0].endswith("segnet-np")]


def segnet_np(*arguments, folder):
    """Run a command as a user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "segnet_np", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands run: with a picture to segment, a data folder, and the demo's run."""
    folder = tmp_path_factory.mktemp("readme")
    Image.fromarray(street_scene(1234, (120, 165))[0]).save(folder / "street.png")
    for split, seeds in (("train", (1, 2, 3)), ("val", (4, 5))):
        for seed in seeds:
            image, labels = street_scene(seed, (240, 260))
            for kind, picture in (("", image), ("annot", labels)):
                path = folder / "photos" / f"{split}{kind}" / f"{seed}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(path)
    segnet_np("train", folder=folder)
    return folder


def test_the_first_lines_set_everything_up():
    """The second is what CI runs in a new environment, to the letter."""
    first, second = blocks("sh")[0].splitlines()
    assert first == "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/segnet-np train"
    assert second == ".venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def test_the_demo_learns_streets(folder):
    """What the first command leaves, and how good it is; evaluate, in another process, finds the same."""
    left = sorted(path.name for path in (folder / DEMO).iterdir())
    assert left == [
        ".lock",
        "checkpoint-previous.safetensors",
        "checkpoint.safetensors",
        "config.json",
        "curves.png",
        "log.csv",
        "samples.png",
        "strip.png",
        "strip.safetensors",
        "tensorboard",
        "weights.safetensors",
    ]
    found = segnet_np(
        "evaluate", "--weights", DEMO / "weights.safetensors", "--json", "--out", "again", folder=folder
    )
    assert json.loads(found.stdout)["mean_iou"] >= 0.60


@pytest.mark.parametrize("command", [c for c in commands() if c != ["train"]], ids=" ".join)
def test_command(folder, command):
    if "--steps" in command:  # the same training, cut short
        command = [*command, "--steps", "2"]
    before = {path for path in folder.rglob("*")}
    result = segnet_np(*command, folder=folder)
    assert result.stdout.strip()
    written = {path.name for path in set(folder.rglob("*")) - before}
    expected = {
        "evaluate": "confusion.png",
        "explain": "report.html",
        "predict": "street",
        "check-data": "preview.png",
        "train": "samples.png",
    }
    if command[0] in expected:
        assert any(name.startswith(expected[command[0]]) for name in written)


def test_code():
    """Each print gives what the comment behind it says."""
    (code,) = blocks("python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    said = re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert printed.getvalue().splitlines() == said


def test_links_lead_somewhere():
    root = Path(__file__).parents[1]
    for page in [root / "README.md", root / "CONTRIBUTING.md", *(root / "docs").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_files_named_in_the_text_exist():
    root = Path(__file__).parents[1]
    for name in re.findall(r"`(segnet_np/[\w/.]+)`", README):
        assert (root / name).exists(), name
