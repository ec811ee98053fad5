"""The two passes step by step: frames, sentences, and the page with buttons in a browser."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import diffcompare as dc
from tests.draw.pictures import named, nodes, root

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def drawing():
    """(x + y) z at the lecture's point."""
    return dc.parse("(x + y) * z").draw(at=(-2.0, 5.0, -4.0), steps=True)


def test_a_step_an_operation(drawing):
    """Inputs, two operations forward, the seed, two operations backward, each with its numbers in words."""
    assert [step.phase for step in drawing.steps] == ["inputs", "forward", "forward", "seed", "backward", "backward"]
    assert [step.text for step in drawing.steps][1:3] == [
        "Forward: v1 = x + y = -2 + 5 = 3.",
        "Forward: v2 = v1 * z = 3 * (-4) = -12.",
    ]
    assert drawing.steps[4].text == "Backward through v2: v1 receives 1 \u00b7 (-4) = -4; z receives 1 \u00b7 3 = 3."


def test_frames_show_what_is_known(drawing):
    """Values come one by one, then cotangents; boxes stand still; the last frame has every number."""
    values = [sum(n.value is not None for n in nodes(frame)) for frame in drawing.frames]
    bars = [sum(n.cotangent is not None for n in nodes(frame)) for frame in drawing.frames]
    assert (values, bars) == ([3, 4, 5, 5, 5, 5], [0, 0, 0, 1, 3, 5])
    assert len({tuple(n.box for n in nodes(frame)) for frame in drawing.frames}) == 1
    assert named(drawing.frames[-1]) == named(drawing.svg)
    assert "-12" not in drawing.frames[1]


def test_a_fork_is_known_when_its_last_branch_has_answered():
    """In x sin(x), the cotangent of x appears with the last of two contributions."""
    drawing = dc.parse("x * sin(x)").draw(at=2.0, steps=True)
    known = [named(frame)["x"].cotangent is not None for frame in drawing.frames]
    assert known[-1] and not any(known[:-1])


def test_branches_are_added_in_words():
    """x * x at 3 receives 3 twice, and has 6."""
    found = dc.function(lambda x: x * x).draw(at=3.0, steps=True).steps[-1].text
    assert found.endswith("Together, x has 3 + 3 = 6.")


def test_the_last_frame_is_the_whole_picture():
    """Also where an operation at the beginning sends nothing back."""
    f = dc.function(lambda x, y: (dc.stop_gradient(x) + y) * (x > 0.0))
    drawing = f.draw(at=(2.0, 3.0), steps=True)
    assert named(drawing.frames[-1]) == named(drawing.svg)
    assert named(drawing.svg)["x"].cotangent == 0.0


@pytest.mark.parametrize(
    ("f", "phases"),
    [(lambda x: np.floor(x), ["inputs", "forward", "seed"]), (lambda x: 3.0, ["inputs"])],
)
def test_nothing_to_go_back_through(f, phases):
    """Where nothing is sent back there is no backward step, and the input has the derivative 0 at the end."""
    drawing = dc.function(f).draw(at=1.5, steps=True)
    assert [step.phase for step in drawing.steps] == phases
    assert named(drawing.frames[-1])["x"].cotangent == 0.0


def test_the_pass_starts_from_a_given_cotangent():
    """A cotangent of one's own is told as such."""
    f = dc.function(lambda x: 2 * x)
    found = f.draw(at=np.array([1.0, 2.0]), cotangent=[1.0, -1.0], steps=True).steps
    assert found[2].text == "Backward: the pass starts from [1, -1] at the output."


def test_without_gradients_the_pass_ends_forward():
    """gradients=False leaves the forward steps."""
    found = dc.parse("x * y").draw(at=(1.0, 2.0), gradients=False, steps=True)
    assert [step.phase for step in found.steps] == ["inputs", "forward"]


def test_the_page_needs_no_network(drawing):
    """Nothing is loaded from elsewhere, and ids are unique on a page with different drawings."""
    other = dc.parse("x * y").draw(at=(1.0, 2.0), steps=True)
    page = drawing.stepper() + other.stepper()
    assert not re.findall(r"(?:src|href)=|url\(|@import", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(drawing._repr_mimebundle_()) == {"text/html", "image/svg+xml", "text/plain"}
    root(re.search(r"<svg.*</svg>", drawing.stepper(), re.DOTALL)[0])


SCRIPT = """
<script>
var out=[], all=document.querySelectorAll(".dc-stepper");
function state(r){
 var seen=0,hidden=0;
 r.querySelectorAll("[data-known]").forEach(function(e){getComputedStyle(e).visibility==="hidden"?hidden++:seen++});
 return {step:+r.getAttribute("data-step"),seen:seen,hidden:hidden,text:r.querySelector(".dc-text").textContent,
  now:Array.from(r.querySelectorAll(".cell.now")).map(function(e){return e.getAttribute("data-name")}),
  back:r.querySelector(".dc-back").disabled,on:r.querySelector(".dc-on").disabled};
}
function key(r,k){r.dispatchEvent(new KeyboardEvent("keydown",{key:k,bubbles:true,cancelable:true}))}
out.push(state(all[0]));
all[0].querySelector(".dc-on").click(); out.push(state(all[0]));
key(all[0],"ArrowRight"); out.push(state(all[0]));
key(all[0],"ArrowLeft"); out.push(state(all[0]));
key(all[0],"End"); out.push(state(all[0]));
all[0].querySelector(".dc-back").click(); out.push(state(all[0]));
out.push(state(all[1]));
all[1].querySelector(".dc-play").click(); out.push(all[1].querySelector(".dc-play").textContent);
setTimeout(function(){
 out.push(state(all[1]).step);
 document.body.innerHTML="<pre id='result'>"+JSON.stringify(out).replace(/</g,"\\u003c")+"</pre>";
},3000);
</script>
"""


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome on the path")
def test_buttons_and_keys_in_a_browser(drawing, tmp_path):
    """Two copies on one page: buttons and arrow keys move one of them, play runs the other."""
    page = tmp_path / "page.html"
    body = drawing.stepper() * 2 + SCRIPT
    page.write_text(f"<!doctype html><meta charset='utf-8'><body>{body}</body>", encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
               "--virtual-time-budget=20000", "--dump-dom", page.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, encoding="utf-8")
    found = re.search(r"<pre id=\"result\">(.*?)</pre>", done.stdout, re.DOTALL)
    first, after, second, again, end, before, other, play, later = json.loads(html.unescape(found[1]))
    assert [s["step"] for s in (first, after, second, again, end, before)] == [0, 1, 2, 1, 5, 4]
    assert (first["seen"], first["hidden"]) == (3, 7) and first["back"] and not first["on"]
    assert after["text"] == "Forward: v1 = x + y = -2 + 5 = 3." and after["now"] == ["v1"] and after["seen"] == 4
    assert (end["seen"], end["hidden"]) == (10, 0) and end["on"]
    assert other["step"] == 0 and play == "pause" and later >= 1
