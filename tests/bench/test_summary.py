"""A run in short: who was fastest, who lost digits, who failed and why."""

from __future__ import annotations

import pytest
from rich.console import Console

from diffcompare.bench.results import FULL
from diffcompare.bench.summary import reasons, spread, summarise, wins
from tests.plot.runs_by_hand import run_by_hand

NAMES = {"a": "reverse", "b": "central-difference", "b (order=4)": "central-difference (order=4)"}


@pytest.fixture
def run():
    return run_by_hand(NAMES)


def printed(run, width, full=None):
    console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        run.print_on(console, full)
    return capture.get()


def test_a_case_in_short(run):
    """The fastest is sound, those that its spread hides stand beside it, and a wrong result is not the fastest."""
    first, second, third, _ = summarise(run)
    assert [r["method"] for r in first.fastest] == ["reverse"] and first.speedup == 2.0 and first.reverse == 0.5
    assert [r["method"] for r in second.fastest] == ["reverse", "central-difference"]
    assert [r["method"] for r in second.failed] == ["central-difference (order=4)"] and not second.inaccurate
    assert [r["method"] for r in third.fastest] == ["reverse"] and third.reverse == 2.0
    assert [r["method"] for r in third.inaccurate] == ["central-difference"] and third.digits == 15.0


def test_wins_count_ties_for_everyone(run):
    assert wins(summarise(run)) == {"reverse": 3, "central-difference": 2}


def test_the_spread_is_that_of_the_records(run):
    assert "median of 2 samples" in spread(run) and "spans 10% of its median typically, and 10% at worst" in spread(run)


def test_reasons_name_their_cases_once(run):
    failed, inaccurate = reasons(run)
    assert failed.startswith("central-difference (order=4) failed on line (100): <script>")
    assert inaccurate.startswith("central-difference inaccurate on curve (3): ")


def test_a_small_run_is_printed_in_full_and_in_short(run):
    text = printed(run, 80)
    assert "line (10), 10 entries" in text and "reverse" in text.split("not")[-1]
    assert all(len(line.rstrip()) <= 80 for line in text.splitlines() if "alert" not in line)


def test_a_large_run_is_printed_in_short_at_eighty_characters():
    run = run_by_hand(NAMES)
    rows = run.rows()
    for number in range(FULL):
        for row in rows:
            row.record = row.record | {"problem": f"{row.record['problem']}-with-a-long-name-{number}"}
        run.add(rows)
    text = printed(run, 80)
    table = text[: text.index("<script>")]
    assert "entries" not in text and "with-a-long-name" in table
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "entries" in printed(run, 80, full=True)
