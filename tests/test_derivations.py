"""The derivations and the code say the same: equations and the lines that compute them, matrices, numbers."""

import re
from pathlib import Path

import numpy as np
import pytest

from segnet_np.kernels import winograd_points as points

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for path in (ROOT / "docs" / "derivations").glob("*.md"))
NAMED = [page for page in PAGES if page.stem != "index"]

# A line of code under its equation: - In [`file`](link): `line`
QUOTE = re.compile(r"^- In \[`([\w/.]+)`\]\((\S+?)\): `(.+)`$", re.MULTILINE)
TAG = re.compile(r"\\tag\{(\d+)\}")


def equations(page):
    """The numbers of a page's equations, in their order."""
    return [int(number) for number in TAG.findall(page.read_text(encoding="utf-8"))]


def quotes(page):
    """All (equation, file, line) that a page quotes; a quote belongs to the equation above it."""
    text = page.read_text(encoding="utf-8")
    found = []
    for quote in QUOTE.finditer(text):
        number = [int(tag[1]) for tag in TAG.finditer(text) if tag.start() < quote.start()][-1]
        found.append((number, quote[1], quote[3]))
    return found


def referred(page):
    """All (equation, file) that comments of the code refer to: ``docs/derivations/x.md (7), (9) to (11)``."""
    found = set()
    for path in (ROOT / "segnet_np").rglob("*.py"):
        for comment in re.findall(
            rf"docs/derivations/{page.name} (\(\d+\)(?:(?:, | to )\(\d+\))*)",
            path.read_text(encoding="utf-8"),
        ):
            for first, last in re.findall(r"\((\d+)\)(?: to \((\d+)\))?", comment):
                numbers = range(int(first), int(last or first) + 1)
                found |= {(number, path.relative_to(ROOT).as_posix()) for number in numbers}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_equations_are_numbered_in_their_order(page):
    assert equations(page) == list(range(1, len(equations(page)) + 1))


@pytest.mark.parametrize("page", NAMED, ids=lambda page: page.stem)
def test_the_code_refers_to_the_equations_that_quote_it(page):
    assert referred(page) == {(number, file) for number, file, _ in quotes(page)}


@pytest.mark.parametrize("page", NAMED, ids=lambda page: page.stem)
def test_quoted_lines_are_lines_of_the_code(page):
    assert len(quotes(page)) >= 8
    for number, file, line in quotes(page):
        lines = [code.strip() for code in (ROOT / file).read_text(encoding="utf-8").splitlines()]
        without_comments = [re.sub(r"  # docs/derivations/.*", "", code) for code in lines]
        assert line in without_comments, f"{page.name} ({number}): {file} has no line {line}"


@pytest.mark.parametrize("page", NAMED, ids=lambda page: page.stem)
def test_numbers_in_the_text_are_numbers_of_equations(page):
    """A number in brackets, in a sentence, is an equation's; none is beyond the last."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|\$\$.*?\$\$|`[^`]*`|\$[^$]*\$", "", text, flags=re.DOTALL)
    last = max(equations(page))
    assert all(1 <= int(number) <= last for number in re.findall(r"(?<![\w.])\((\d+)\)", prose))


def test_no_comment_refers_to_a_page_that_is_not_there():
    for path in (ROOT / "segnet_np").rglob("*.py"):
        for name in re.findall(r"docs/derivations/(\w+\.md)", path.read_text(encoding="utf-8")):
            assert (ROOT / "docs" / "derivations" / name).exists(), f"{path.name}: {name}"


def latex_matrices(number):
    """The matrices of an equation of winograd.md, as arrays."""
    text = (ROOT / "docs" / "derivations" / "winograd.md").read_text(encoding="utf-8")
    (equation,) = [
        block for block in re.findall(r"\$\$(.*?)\$\$", text, re.DOTALL) if f"\\tag{{{number}}}" in block
    ]
    return [
        np.array([[entry(cell) for cell in row.split("&")] for row in matrix.split(r"\\")])
        for matrix in re.findall(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", equation, re.DOTALL)
    ]


def entry(cell):
    """The number that a cell such as ``-\\tfrac{s}{2}`` or ``2s`` stands for."""
    sign, top, below = re.fullmatch(r"(-?)(?:\\tfrac\{)?(\d*s?)(?:\}\{(\d+)\})?", cell.strip()).groups()
    factor = float(top.rstrip("s") or 1) * (np.sqrt(2) if top.endswith("s") else 1)
    return (-1 if sign else 1) * factor / float(below or 1)


def code_matrix(transform, taken):
    return np.array(getattr(transform, "py_func", transform)(np.eye(taken)))


def test_winograds_matrices_are_those_of_the_code():
    written = [*latex_matrices(9), *latex_matrices(10), *latex_matrices(11)]
    coded = [
        code_matrix(points.input_2, 4),
        code_matrix(points.weight_2, 3),
        code_matrix(points.output_2, 4),
        code_matrix(points.input_4, 6),
        code_matrix(points.weight_4, 3),
        code_matrix(points.output_4, 6),
    ]
    assert len(written) == len(coded)
    for page, code in zip(written, coded, strict=True):
        np.testing.assert_allclose(page, code, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("m", "finite"), [(2, [0, 1, -1]), (4, [0, 0.5**0.5, -(0.5**0.5), 2**0.5, -(2**0.5)])]
)
def test_winograds_matrices_follow_from_the_points(m, finite):
    """Equation (8), but for signs: rows of Bt are the polynomials that vanish at all other points."""
    bt, g = (code_matrix(getattr(points, f"{name}_{m}"), n) for name, n in (("input", m + 2), ("weight", 3)))
    at = code_matrix(getattr(points, f"output_{m}"), m + 2)
    for k, point in enumerate([*finite, None]):
        others = [p for p in finite if p != point]
        polynomial = np.zeros(m + 2)
        polynomial[: len(others) + 1] = np.poly(others)[::-1]
        scale = 1 if point is None else np.prod([point - p for p in others])
        powers = np.arange(m)
        column = powers == m - 1 if point is None else np.power(float(point), powers)
        kernel = np.array([0, 0, 1]) if point is None else np.power(float(point), np.arange(3)) / scale
        np.testing.assert_allclose(abs(bt[k]), abs(polynomial), rtol=0, atol=1e-14)
        np.testing.assert_allclose(abs(g[k]), abs(kernel), rtol=0, atol=1e-14)
        np.testing.assert_allclose(abs(at[:, k]), abs(column), rtol=0, atol=1e-14)
        # The three signs that were moved cancel: what the point gives to the result is right.
        d, kernel_values = polynomial.argmax(), np.flatnonzero(kernel)[0]
        sign = np.sign(bt[k, d] * g[k, kernel_values] * at[np.flatnonzero(column)[0], k])
        expected = np.sign(polynomial[d] * kernel[kernel_values] * column[np.flatnonzero(column)[0]])
        assert sign == expected
