"""The clickable architecture says what the nets are: its arithmetic, run by Node, against real nets."""

import json
import re
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest

import segnet_np as snp
from segnet_np.lessons.figures.architecture import architecture

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node, which is not installed")
SCRIPT = str(files("segnet_np.lessons.figures") / "architecture.js")


def asked(expression):
    """The value of a JavaScript expression, in which `it` is the module."""
    code = f"const it = require({json.dumps(SCRIPT)}); console.log(JSON.stringify({expression}))"
    done = subprocess.run([NODE, "-e", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def settings(model, height, width, **others):
    named = {"model": model, "height": height, "width": width, "channels": 4, "classes": 11, "ceil": False}
    return named | others


CASES = [
    settings("segnet", 360, 480, channels=1),
    settings("segnet", 45, 61),
    settings("segnet", 45, 61, ceil=True, classes=3),
    settings("segnet", 32, 33, channels=2),
    settings("segnet-basic", 99, 70),
    settings("segnet-basic", 37, 53, ceil=True, channels=3, classes=2),
]


@needs_node
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_blocks_have_the_shapes_and_parameters_of_the_net(case):
    kind = {"segnet": snp.SegNet, "segnet-basic": snp.SegNetBasic}[case["model"]]
    net = kind(num_classes=case["classes"], width=case["channels"], ceil_mode=case["ceil"]).eval()
    steps = net.trace(np.zeros((1, 3, case["height"], case["width"]), "float32"))
    blocks = asked(f"it.plan({json.dumps(case)})")
    layers = net.children()
    seen, total, shape = set(), 0, [3, case["height"], case["width"]]
    for block in blocks[1:]:
        name = block["name"]
        assert block["in"] == shape
        if block["kind"] == "conv":
            mine = [f"conv{name}", f"bn{name}"]
            last = f"relu{name}" if block["relu"] else f"bn{name}"
            seen |= {*mine, last}
            assert f"relu{name}" in layers or not block["relu"]
        else:
            mine, last = [name], name
            seen.add(name)
        shape = list(steps[last].shape[1:])
        assert block["out"] == shape, name
        parameters = sum(p.data.size for part in mine for p in layers[part].parameters())
        assert block["parameters"] == parameters, name
        total += parameters
    assert seen == set(layers)  # no layer of the net is missing
    totals = asked(f"it.totals(it.plan({json.dumps(case)}))")
    assert totals["parameters"] == total == sum(p.data.size for p in net.parameters())
    indices = [steps[name] for name in steps if name.startswith("indices")]
    assert totals["windows"] == sum(int(np.prod(i.shape)) for i in indices)
    assert totals["numbers"] == sum(i.shape[1] * i.input_size[0] * i.input_size[1] for i in indices)


@needs_node
def test_the_papers_net_has_its_parameters():
    case = settings("segnet", 360, 480, channels=64)
    assert asked(f"it.totals(it.plan({json.dumps(case)})).parameters") == 29_449_355
    basic = settings("segnet-basic", 360, 480, channels=64)
    assert asked(f"it.totals(it.plan({json.dumps(basic)})).parameters") == 1_416_587


@needs_node
def test_words_name_sizes_and_arithmetic():
    plan = f"it.plan({json.dumps(settings('segnet', 360, 480, channels=64))})"
    facts = asked(f"{plan}.map((block) => it.describe(block, false))")
    by_title = {fact["title"]: dict(fact["facts"]) for fact in facts}
    assert len(by_title) == len(facts)
    conv = by_title["conv21, bn21, relu21"]
    assert conv["in"] == "64 maps of 180x240"
    assert "= 73,856; batch norm 2\u00b7128 = 256; together 74,112" in conv["parameters"]
    assert "goes from 512 to 256 channels" in by_title["conv41d, bn41d, relu41d"]["what it does"]
    pool = by_title["pool4: max-pooling"]
    assert (pool["in"], pool["out"]) == ("512 maps of 45x60", "512 maps of 22x30")
    assert "left out" in pool["odd size"]
    assert "odd size" not in by_title["pool1: max-pooling"]
    unpool = by_title["unpool4: max-unpooling"]
    assert (
        unpool["how it knows the size"] == "Twice 22x30 is 44x60. The indices know that they came from 45x60."
    )
    assert by_title["unpool1: max-unpooling"]["how it knows the size"].startswith("The indices know")
    assert "0.69 MB at two bits" in by_title["pool1: max-pooling"]["remembers"]  # the figure that 2 bits give
    for fact in facts:
        assert not re.search(r"undefined|NaN", json.dumps(fact))


@needs_node
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"height": 31}, "SegNet takes pictures of at least 32x32"),
        ({"model": "segnet-basic", "width": 15}, "SegNet-Basic takes pictures of at least 16x16"),
        ({"height": 40.5}, "at least 32x32"),
        ({"channels": 0}, "width must be a whole number"),
        ({"classes": 257}, "classes must be a whole number"),
        ({}, ""),
    ],
)
def test_wrong_settings_are_said(change, words):
    said = asked(f"it.trouble({json.dumps(settings('segnet', 64, 64) | change)})")
    assert words in said
    assert bool(said) == bool(words)


def test_the_element_needs_nothing_else_and_says_something_without_a_script():
    text = str(architecture(height=45, width=61))
    assert architecture()._repr_html_() == str(architecture())
    assert "http" not in re.sub(r"https?://www\.w3\.org\S*", "", text)
    assert "45x61 to 22x30" in text
    assert "22x30 to 45x61" in text
    assert "45x61 to 23x31" in str(architecture(height=45, width=61, ceil_mode=True))
    assert text.count("<script>") == text.count("</script>") == 1
    assert "22x30 to 11x15" in str(architecture("segnet-basic", 45, 61))


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="model 'unet', expected one of segnet, segnet-basic"):
        architecture("unet")
    with pytest.raises(ValueError, match="height"):
        architecture(height=31)
    with pytest.raises(TypeError, match="width"):
        architecture(width=48.0)
