"""Weights by name: those in the package, and a file of the same name before them."""

import json
import re
from pathlib import Path

import pytest

import segnet_np as snp
from segnet_np.data.classes import CAMVID
from segnet_np.data.folders import Folder
from segnet_np.models import shipped
from segnet_np.models.shipped import shipped_names, weights_path
from segnet_np.training.evaluate import evaluate
from segnet_np.training.recipe import read_recipe

SHIPPED = ("camvid", "camvid-segnet")

PHOTOGRAPHS = Path(__file__).parents[2] / "shared" / "camvid"


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "package"
    monkeypatch.setattr(shipped, "FOLDER", folder)
    snp.save(snp.SegNet(width=1, num_classes=4), folder / "town.safetensors")
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_name_finds_the_package_s_file(package):
    assert shipped_names() == ["town"]
    assert weights_path("town") == package / "town.safetensors"
    assert snp.load("town").num_classes == 4


def test_a_file_goes_first(package, tmp_path):
    snp.save(snp.SegNet(width=1, num_classes=5), tmp_path / "town")
    assert snp.load("town").num_classes == 5


def test_a_folder_of_pictures_that_is_called_so_does_not(package, tmp_path):
    (tmp_path / "town").mkdir()
    assert snp.load("town").num_classes == 4


def test_what_is_neither_is_named(package):
    with pytest.raises(
        FileNotFoundError, match=r"No such file, and .* come with the package are: town: 'city'"
    ):
        weights_path("city")
    with pytest.raises(FileNotFoundError, match=r"No such file.*\.\./package/town"):
        weights_path("../package/town")


def test_what_comes_with_the_package():
    assert shipped_names() == list(SHIPPED)
    assert sum(weights_path(name).stat().st_size for name in SHIPPED) <= 16e6


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_is_of_the_net(name):
    path = weights_path(name)
    net = snp.load(name)
    assert net.class_names == CAMVID.names
    assert net.class_colours == CAMVID.colours
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    parameters = f"{sum(p.data.size for p in net.parameters()):,}"
    for fact in (f"# Model card: {name}\n", "research use", repr(net), parameters, f"--recipe {name} "):
        assert fact in card


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_s_settings_are_the_recipe_s(name):
    card = weights_path(name).with_suffix(".md").read_text(encoding="utf-8")
    settings = re.search(r"```json\n(.*?)```", card, re.DOTALL)
    assert settings is not None
    recipe = read_recipe(name, photographs=True)
    told = json.loads(settings[1])
    assert {key: told[key] for key in recipe} == recipe
    assert snp.load(name).input_views == told.get("views", False)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="needs CamVid in ../shared/camvid")
def test_the_card_says_what_is_measured(name):
    """Its row "as stored"; 0.001 is for near-ties that fall otherwise on another processor."""
    card = weights_path(name).with_suffix(".md").read_text(encoding="utf-8")
    row = re.search(r"\| as stored \|(.*)\|", card)
    assert row is not None
    told = [float(cell) for cell in row[1].split("|")]
    metrics = evaluate(snp.load(name), Folder(PHOTOGRAPHS, "val"))
    seen = (metrics.global_accuracy, metrics.class_accuracy, metrics.mean_iou, metrics.boundary_f1)
    assert seen == pytest.approx(told, abs=0.0005 + 0.001)


def test_a_folder_is_no_weights(package, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(
        IsADirectoryError, match=r"expected a file such as the weights.safetensors in it: 'run'"
    ):
        snp.load("run")
