"""Weights by name: those in the package, and a file of the same name before them."""

import pytest

import segnet_np as snp
from segnet_np.models import shipped
from segnet_np.models.shipped import shipped_names, weights_path


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


def test_what_is_neither_is_named(package):
    with pytest.raises(
        FileNotFoundError, match=r"No such file, and .* come with the package are: town: 'city'"
    ):
        weights_path("city")
    with pytest.raises(FileNotFoundError, match=r"No such file.*\.\./package/town"):
        weights_path("../package/town")
