"""A comparison as text, page, file and frame."""

from __future__ import annotations

import csv
import io
import json
import math
import sys

import numpy as np
import pytest

from diffcompare.analysis.compare import compare
from diffcompare.analysis.records import KEYS, break_even, fastest, new_record, plain, to_json
from diffcompare.analysis.tables import COLUMNS, LONG_COLUMNS, columns_that_fit, number
from diffcompare.analysis.timing import Timing
from diffcompare.errors import InternalError, MissingPackageError, UnknownNameError
from tests.analysis.records_by_hand import comparison, record


@pytest.fixture(scope="module")
def result():
    return comparison()


def test_a_record_is_found_by_its_method(result):
    """Indexing by name gives the record, membership and iteration follow; an absent name lists those there are."""
    assert result["reverse"] is result.records[3] and "reverse" in result and "jax" not in result
    assert [r["method"] for r in result] == [r["method"] for r in result.records]
    with pytest.raises(UnknownNameError, match="it has symbolic"):
        result["jax"]


def test_the_text_has_a_line_for_each_method_and_says_why_some_failed(result):
    """No method is a gap, whatever its status."""
    text = str(result)
    for name in ("symbolic", "central-difference", "reverse", "cuda", "<peer>"):
        assert name in text
    assert "cuda skipped: no NVIDIA driver" in text and "<peer> failed: op" in text
    assert "fastest: reverse" in text


def test_the_text_fits_its_width_and_is_plain(result):
    """No line is longer than 118 characters, none has trailing blanks or colour codes."""
    for line in str(result).splitlines():
        assert len(line) <= 118 and line == line.rstrip() and "\x1b" not in line


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_narrow_terminal_loses_columns_and_no_method(result, width):
    """Printed to any width the table fits, with method, status, digits and median."""
    out = io.StringIO()
    result.print(file=out, width=width)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    head = next(line for line in lines if line.startswith("method"))
    assert "status" in head and "[digits]" in head and "[µs]" in head
    assert sum(line.startswith("central-difference ") for line in lines) == 1


def test_every_column_of_numbers_names_its_unit():
    """Only names and statuses have no unit; a pure number has the unit 1."""
    assert [c.title for c in (*COLUMNS, *LONG_COLUMNS) if not c.unit] == ["method", "status"] * 2


def test_columns_of_times_need_times():
    """Without a timed record no column of times is left."""
    record = new_record(method="reverse", status="ok", rel_error=1e-16)
    assert not {"median", "IQR", "cost", "pays after", "peak"} & {c.title for c in columns_that_fit([record], 200)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (None, "–"), (math.nan, "nan"), (-math.inf, "-inf"), (1.0, "1.00"), (0.0123, "0.0123"),
        (12345.6, "12,346"), (99_999.4, "99,999"), (1e5, "1.0e+05"), (1.26e-16, "1.3e-16"), (999.96, "1,000"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, text):
    """Three significant digits between 0.001 and 99,999, powers of ten outside."""
    assert number(value) == text


def test_the_page_escapes_every_text(result):
    """A name or reason cannot bring markup into a notebook."""
    page = result._repr_html_()
    assert "&lt;peer&gt;" in page and "&lt;b&gt;erfinv" in page
    assert "<b>erfinv" not in page and "<peer>" not in page
    assert "&lt;script&gt;" in comparison(problem="<script>alert(1)</script>")._repr_html_()
    assert "http" not in page


def test_a_page_without_times_has_no_columns_of_times():
    """Where nothing was timed, the first table of a page has no columns for times."""
    untimed = compare("x * y", at=(2.0, 3.0), methods=["reverse"], time=False)
    table = untimed._repr_html_().partition("<details>")[0]
    assert "<th>median" not in table and "<th>pays after" not in table and "<th>prepare" in table
    assert "<th>median" in comparison()._repr_html_().partition("<details>")[0]


def test_markdown_is_one_line_a_method(result):
    """Every row has as many cells as the head; signs with a meaning are escaped."""
    table = [line for line in result.to_markdown().splitlines() if line.startswith("| ")]
    cells = {line.replace("\\|", "").count("|") for line in table}
    assert len(table) == len(result) + 2 and cells == {len(LONG_COLUMNS) + 1}
    assert "\\<peer\\>" in result.to_markdown()


def test_json_reads_back(result, tmp_path):
    """The text is strict JSON with records, reference and environment; written to a file it is the same."""
    path = tmp_path / "result.json"
    text = result.to_json(path)
    found = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert found == json.loads(text) == result.to_dict()
    assert [tuple(r) for r in found["records"]] == [KEYS] * len(result)
    assert found["records"][0]["gradient"] == [2.0, [1.0, 0.5]]
    assert found["reference"]["digits"] == 20 and "versions" in found["environment"]


def test_json_writes_nan_and_inf_as_words():
    """JSON has neither: they are texts that `float` reads."""
    assert to_json([math.nan, math.inf, -math.inf], indent=None) == '["nan", "inf", "-inf"]'
    assert plain({1: (1.0, None)}) == {"1": [1.0, None]}


def test_csv_reads_back(result):
    """One line of keys and one a record; floats keep every digit, absent values are empty."""
    rows = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert len(rows) == len(result) and tuple(rows[0]) == KEYS
    assert float(rows[0]["median_s"]) == result["symbolic"]["median_s"]
    assert rows[4]["median_s"] == "" and rows[5]["reason"] == result["<peer>"]["reason"]
    assert json.loads(rows[0]["gradient"]) == [2.0, [1.0, 0.5]]


def test_a_frame_has_the_records_as_rows(result):
    """`to_pandas` has one row a record and the keys as columns."""
    frame = result.to_pandas()
    assert tuple(frame.columns) == KEYS and len(frame) == len(result)


def test_a_missing_pandas_says_how_to_install_it(result, monkeypatch):
    """Without pandas everything but `to_pandas` works, and that says what to do."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match="pip install pandas"):
        result.to_pandas()


def test_break_even_counts_the_calls_that_pay_for_preparation():
    """Against central differences (1 ms to prepare, 22 µs a call): reverse pays after ceil(0.41001 / 21.1e-6) calls."""
    calls = {r["method"]: r["break_even_calls"] for r in comparison()}
    assert calls["central-difference"] == 0
    # (0.001 + 0.41 + 1e-5 - 0.001) s more, (22 - 0.9) µs less a call
    assert calls["reverse"] == math.ceil(0.41001 / 21.1e-6)
    # 1 ms more, 8 µs less a call
    assert calls["forward-difference"] == math.ceil(0.001 / 8e-6)
    assert calls["cuda"] is None


def test_a_saving_within_the_spread_never_pays():
    """1 % faster with a spread of 2 % is no saving: inf."""
    slow, quick = record("slow", 0.0, 1.00e-5, 0.0, 0.0, 0.0), record("quick", 0.0, 0.99e-5, 0.1, 0.0, 0.0)
    break_even([slow, quick])
    assert (slow["break_even_calls"], quick["break_even_calls"]) == (0.0, math.inf)
    assert fastest([slow, quick]) == [slow, quick]


def noisy(method, seconds, rng, rounds=20):
    """The record of a call that takes `seconds`, two samples in five of which were interrupted for up to five calls."""
    delays = np.where(rng.random(rounds) < 0.4, rng.uniform(0.0, 5.0, rounds), 0.02 * rng.random(rounds))
    timing = Timing(tuple((seconds * (1.0 + delays)).tolist()), loops=1)
    known = record(method, 0.0, seconds, 0.0, 0.0, 0.0)
    return known | {"median_s": timing.median_s, "min_s": timing.min_s, "iqr_s": timing.iqr_s, "rounds": rounds}


def test_noise_makes_no_slow_method_fastest():
    """Between interruptions a call of 2 µs is never among the fastest beside one of 1 µs; one of 1 µs mostly is.

    Drawn so, the spread is larger than the difference of 1 µs in most draws: the old rule, the spread alone, fails.
    """
    rng = np.random.default_rng(0)
    fooled = found = 0
    for _ in range(200):
        quick, twin, slow = noisy("quick", 1e-6, rng), noisy("twin", 1e-6, rng), noisy("slow", 2e-6, rng)
        fooled += slow["median_s"] - quick["median_s"] <= max(slow["iqr_s"], quick["iqr_s"])
        names = {r["method"] for r in fastest([quick, twin, slow])}
        assert "slow" not in names
        found += names == {"quick", "twin"}
    # half of the 20 samples and more are undisturbed in nine draws of ten, so that two equal calls have like medians
    assert fooled > 100 and found > 150


def test_a_record_has_no_key_of_its_own():
    """A key that is not in the table is a defect, and said so."""
    with pytest.raises(InternalError, match="speed"):
        new_record(speed=1.0)
