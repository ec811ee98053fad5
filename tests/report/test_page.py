"""The page of a run as text: what it says, what it escapes, and what it may load."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

import diffcompare as dc
from diffcompare.bench.results import BenchmarkRun
from diffcompare.report.page import report_html, write_report
from tests.plot.runs_by_hand import REASON, run_by_hand

VOID = {"meta", "link", "input", "br"}


class Reader(HTMLParser):
    """Tags in order, ids, links; complains about a tag that is not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.text, self.tags = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append((tag, known))
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[name] for name in ("href", "src", "xlink:href") if name in known]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    return reader


@pytest.fixture(scope="module")
def page():
    return report_html(run_by_hand({"a": "reverse", "b": "b<i>&"}), "A & B <title>")


def test_every_id_is_there_once_and_every_link_leads_to_one(page):
    found = read(page)
    assert len(found.ids) == len(set(found.ids))
    local = {link[1:] for link in found.links if link.startswith("#")}
    assert local <= set(found.ids) and {"record-2", "case-0", "all"} <= local


def test_nothing_is_loaded_from_elsewhere(page):
    """All links are local but the empty icon, and the policy forbids the rest, other scripts included."""
    assert {link for link in read(page).links if not link.startswith("#")} == {"data:,"}
    assert not re.findall(r"@import|url\((?!#)", page)
    policy = next(attrs["content"] for tag, attrs in read(page).tags if attrs.get("http-equiv"))
    script = page[page.index("<script>") + 8 : page.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"script-src 'sha256-{digest}'" in policy


def test_texts_of_a_run_are_texts_of_the_page(page):
    """A reason that looks like a script, and names with signs of HTML, are shown and not obeyed."""
    found = read(page)
    assert "".join(found.text).count(REASON) == 2 and page.count("<script>") == 1
    assert "A & B <title>" in found.text and "b<i>&" in found.text


def test_every_record_and_case_is_a_row(page):
    run = run_by_hand()
    rows = [attrs for tag, attrs in read(page).tags if tag == "tr" and "data-status" in attrs]
    assert [attrs["id"] for attrs in rows] == [f"record-{i}" for i in range(len(run))]
    assert [attrs["data-status"] for attrs in rows] == [r["status"] for r in run.records]
    assert sum(name.startswith("case-") for name in read(page).ids) == len(run.cases())


def test_every_picture_has_its_numbers(page):
    assert page.count("<figure") == page.count("Numbers behind") == page.count('role="img"') == 6


def test_colours_follow_the_reader(page):
    """No black and none of the palette's colours is fixed in a picture: all are variables of the page."""
    for picture in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert not re.search(r"#000000|#0072b2|#d55e00|#ffffff", picture, re.IGNORECASE)
        assert "var(--s0)" in picture and "currentColor" in picture


def test_a_run_of_nothing_is_a_page_too():
    """Without a record there are no pictures, and the page says that the run is not complete."""
    text = "".join(read(report_html(BenchmarkRun("none", {}, "2026-01-01T00:00:00+00:00"))).text)
    assert "nothing to draw" in text and "not complete" in text and "0 cases" in text


def test_the_run_and_the_command_write_the_same_page(tmp_path):
    run = run_by_hand()
    run.save(tmp_path / "r.json")
    assert run.report(tmp_path / "a.html") == tmp_path / "a.html"
    write_report(dc.load(tmp_path / "r.json"), tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_page_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(dc.errors.DataError, match="cannot write"):
        run_by_hand().report(tmp_path / "absent" / "r.html")
