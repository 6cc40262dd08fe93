"""What was measured of the decoders: one truth in two places, and the page that is made of it."""

import importlib
import json
from pathlib import Path

import numpy as np

from segnet_np.data import CAMVID
from segnet_np.lessons import decoder_results as measured
from segnet_np.models import DecoderVariant
from segnet_np.models.decoder_variants import DECODERS

ROOT = Path(__file__).parent.parent
FOUND = measured.results()


def test_the_lesson_reads_what_the_benchmark_wrote():
    there = ROOT / "benchmarks" / "results" / "decoders.json"
    assert there.read_bytes() == (measured.HERE / "decoders.json").read_bytes()


def test_every_decoder_was_trained_from_the_same_seeds():
    seeds = {
        name: {row["seed"] for row in FOUND["trainings"] if row["name"] == name} for name in measured.TITLES
    }
    assert set(map(frozenset, seeds.values())) == {frozenset(range(len(seeds["indices"])))}
    assert len(seeds["indices"]) >= 3
    assert measured.judged(FOUND) == list(measured.TITLES)


def test_the_budgets_are_equal():
    parameters = {name: FOUND["costs"][name]["parameters"] for name in DECODERS}
    assert max(parameters.values()) < 1.005 * min(parameters.values())
    recipe = FOUND["recipe"]
    for name, count in parameters.items():
        width = FOUND["costs"][name]["decoder_width"]
        net = DecoderVariant(
            width=recipe["width"], kernel_size=recipe["kernel_size"], decoder=name, decoder_width=width
        )
        assert sum(p.data.size for p in net.parameters()) == count


def test_memory_is_what_the_arithmetic_says():
    sizes, channels = [(360, 480), (180, 240), (90, 120), (45, 60)], FOUND["recipe"]["width"]
    windows = sum(channels * (h // 2) * (w // 2) for h, w in sizes)
    kept = {name: cost["kept"] for name, cost in FOUND["costs"].items()}
    assert kept["indices"] == {"two_bits": windows // 4, "one_byte": windows}
    assert kept["concatenation"] == {"whole_maps": sum(4 * channels * h * w for h, w in sizes)}
    assert all(kept[name] == {} for name in ("fixed", "random", "bilinear", "transposed"))


def test_wrong_places_were_measured_at_each_stage():
    for how in ("random", "fixed"):
        for key in ("mean_iou", "boundary_f1"):
            losses = measured.lost(FOUND, how, key)
            assert losses.shape == (len(measured.scores(FOUND, "indices", key)), 4)
            assert np.isfinite(losses).all()


def test_predictions_are_of_the_scenes():
    maps = measured.predictions()
    wanted = {*measured.TITLES, *(f"{how} {stage}" for how in ("random", "fixed") for stage in (1, 2, 3, 4))}
    assert set(maps) == wanted | {"scenes"}
    shown = measured.shown_scenes()
    hits = [
        np.mean((guess == labels)[labels != CAMVID.ignore_index])
        for guess, (_, labels) in zip(maps["indices"], shown, strict=True)
    ]
    assert min(hits) > 0.7


def test_pictures_are_drawn():
    figure = measured.draw(FOUND)
    left, _, right = figure.axes
    assert [text.get_text() for text in left.get_yticklabels()] == list(measured.TITLES.values())
    assert len(right.get_lines()) == 2 * (1 + len(measured.scores(FOUND, "indices", "mean_iou"))) + 1
    assert len(measured.draw_predictions(0, "bilinear").axes) == 4
    assert len(measured.draw_predictions(1, "random 4", (4, 8, 36, 48)).axes) == 8


def test_the_page_is_made_of_the_figures(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    report = importlib.import_module("benchmarks.decoders_report")
    page = report.PAGE.read_text(encoding="utf-8")
    found = json.loads((measured.HERE / "decoders.json").read_text(encoding="utf-8"))["rows"]
    assert report.put(report.scores(found), "scores", page) == page
    assert report.put(report.wrong_places(found), "wrong places", page) == page
    line = report.measured_on(measured.machine())
    assert "; threads: 2 used by kernels" in line  # "2" of what, must be said
    assert report.put(line, "machine", page) == page


def test_what_the_texts_say_of_the_figures_holds_for_each_seed():
    """The lesson and docs/decoders.md, in words: who is above whom, and that depth matters."""
    silent = ("fixed", "random", "bilinear", "transposed")
    for key in ("mean_iou", "boundary_f1"):
        by_name = {name: measured.scores(FOUND, name, key) for name in DECODERS}
        assert (by_name["concatenation"] > by_name["indices"]).all()
        assert all((by_name["indices"] > by_name[name]).all() for name in silent)
        assert all((by_name["random"] < by_name[name]).all() for name in silent if name != "random")
        wrong = {how: measured.lost(FOUND, how, key) for how in ("random", "fixed")}
        for losses in wrong.values():
            assert (losses > 0).all()
            assert (np.diff(losses, axis=1) > 0).all()
        assert (wrong["random"][:, 0] > wrong["fixed"][:, 0]).all()
        assert (wrong["random"][:, 3] < wrong["fixed"][:, 3]).all()
    means = {
        name: [measured.scores(FOUND, name, k).mean() for k in ("mean_iou", "boundary_f1")] for name in silent
    }
    assert max(means, key=lambda name: means[name][0]) == "bilinear"
    assert max(means, key=lambda name: means[name][1]) == "fixed"
    assert means["bilinear"][1] < means["transposed"][1]
    rows = {name: [row["iou"] for row in FOUND["trainings"] if row["name"] == name] for name in DECODERS}
    gain = [
        sum(one[label] - other[label] for one, other in zip(rows["indices"], rows["bilinear"], strict=True))
        for label in CAMVID.names
    ]
    assert CAMVID.names[int(np.argmax(gain))] == "Pole"
