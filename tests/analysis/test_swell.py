"""Expression swell: the published counts, what is counted, and what cannot be written in time."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.swell import FORMS, operations
from diffcompare.errors import OptionError, ShapeError
from diffcompare.lower.deadline import within

# Baydin et al. 2018, table 1, counted by SymPy 1.14 (value, derivative and both, written out and with common
# subexpressions once; expanded; Horner; factored). Independent course notes have the same 768 for n = 6.
PUBLISHED = {
    2: (3, 3, 2, 2, 5, 2, 2, 4),
    3: (8, 6, 21, 12, 13, 8, 6, 10),
    4: (18, 9, 82, 27, 28, 20, 14, 22),
    5: (38, 12, 264, 45, 46, 44, 30, 46),
    6: (78, 15, 768, 67, 68, 92, 62, None),
    7: (158, 18, 2096, 93, 94, 188, 126, None),
}
WRITTEN = list(FORMS)[:8]


def logistic(n):
    def l_n(x):
        for _ in range(n - 1):
            x = 4 * x * (1 - x)
        return x

    return l_n


@pytest.fixture(scope="module")
def swell():
    return dc.expression_swell("4*x*(1-x)", iterate=PUBLISHED, seconds=60.0)


@pytest.mark.parametrize("n", PUBLISHED)
def test_the_logistic_map_swells_as_published(swell, n):
    """All counts of the published table come out exactly."""
    (record,) = [record for record in swell.records if record["size"] == n]
    for form, count in zip(WRITTEN, PUBLISHED[n], strict=True):
        if count is not None:
            assert record[form] == count, form


def test_a_family_is_counted_as_iterates_are(swell):
    """A family of functions gives the counts that the iterates of one function give."""
    assert dc.expression_swell(logistic, [2, 4])["derivative"] == [2, 82]
    assert dc.expression_swell(logistic, [2, 4])["reverse"] == [swell["reverse"][0], swell["reverse"][2]]


def test_tapes_grow_by_a_constant(swell):
    """Each iteration adds the same number of statements to a tape, at most the 8 of (v, dv) -> (4v(1-v), (4-8v)dv)."""
    for form in ("dag", "forward", "reverse"):
        (step,) = set(np.diff(swell[form]))
        # 4v, 1-v, their product; two partials' products and their sum; the sign: none is counted twice
        assert 0 < step <= 8


def test_operations_of_a_graph_by_hand():
    """x.sum() of 5 elements is 4 additions, exp of them 5 more; moving elements is none."""
    graph = dc.trace(lambda x: np.sum(np.exp(x.reshape(5, 1))), np.ones(5))
    assert operations(graph) == 4 + 5


def test_what_is_no_polynomial_has_no_horner_form():
    """A count that does not exist has its reason."""
    found = dc.expression_swell("sqrt(x)/(1+abs(x))")
    record = found.records[0]
    assert all((record[form] is None) == (form in record["reasons"]) for form in FORMS)


def test_time_is_limited():
    """A form that takes too long has a reason, and the others have their counts."""
    started = time.perf_counter()
    found = dc.expression_swell(logistic, [7], seconds=0.02)
    record = found.records[0]
    assert record["value"] == 158 and record["reverse"] > 0
    assert record["factored"] is None and record["reasons"]["factored"]
    assert "limit" in str(found)
    assert time.perf_counter() - started < 60  # it ended: the same without a limit takes seconds, not minutes


def test_size_is_limited():
    """An expression that SymPy could not write has its tapes counted all the same."""
    record = dc.expression_swell(logistic, [60]).records[0]
    assert record["derivative"] is None and "limit" in record["reasons"]["derivative"]
    assert record["reverse"] > 0 and record["dag"] > 0


def test_a_deadline_works_in_any_thread_and_leaves_the_profiler_alone():
    """Endless Python work ends with TimeoutError, in a thread too, even where it catches every Exception."""

    def endless():
        def step():
            return 1

        while True:
            try:
                step()
            except Exception:  # noqa: BLE001 - the point of the test
                pass

    ended = []

    def run():
        try:
            within(0.05, endless)
        except TimeoutError as error:
            ended.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ended == ["not done after 0.05 s"]
    assert within(5.0, lambda: 7) == 7


def test_faces(swell):
    """Text, HTML, JSON and pandas hold the counts."""
    assert "2,096" in str(swell) and "2,096" in swell._repr_html_()
    assert json.loads(swell.to_json())["records"][5]["derivative"] == 2096
    assert list(swell.to_pandas()["derivative"]) == [row[2] for row in PUBLISHED.values()]
    assert "6 sizes" in repr(swell)


def test_mistakes_are_told():
    """Two kinds of sizes at once, a vector, an unknown form, the zeroth iterate."""
    with pytest.raises(OptionError, match="not both"):
        dc.expression_swell(logistic, [2], iterate=[2])
    with pytest.raises(ShapeError):
        dc.expression_swell(lambda x: x * 2, at=np.ones(3))
    with pytest.raises(OptionError, match="derivative_shared"):
        dc.expression_swell("x")["derivativ"]
    with pytest.raises(OptionError, match="first iterate"):
        dc.expression_swell("x*x", iterate=[0])
