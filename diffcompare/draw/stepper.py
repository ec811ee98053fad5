"""One HTML page that goes through the two passes: buttons, arrow keys, and a sentence for each step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from html import escape

from .steps import Step

_CSS = """
.dc-stepper{max-width:100%;font:14px Helvetica,Arial,sans-serif;color:#1f2328;background:#fff;border:1px solid #d0d7de;
border-radius:6px;padding:10px;box-sizing:border-box}
.dc-stepper:focus-visible,.dc-stepper button:focus-visible{outline:2px solid #0059a6;outline-offset:2px}
.dc-stepper .dc-frame{overflow-x:auto}
.dc-stepper .dc-bar{display:flex;gap:8px;align-items:center;flex-wrap:wrap;margin-top:8px}
.dc-stepper button{font:inherit;color:inherit;background:#f3f5f8;border:1px solid #8c959f;border-radius:5px;
padding:4px 12px;cursor:pointer}
.dc-stepper button:disabled{opacity:.45;cursor:default}
.dc-stepper .dc-count{min-width:5.5em;color:#656d76}
.dc-stepper .dc-text{margin:8px 0 0;min-height:2.6em;line-height:1.3}
@media (prefers-color-scheme:dark){.dc-stepper{color:#e6e8eb;background:#1b1d21;border-color:#3d444d}
.dc-stepper button{background:#2a2e35;border-color:#656d76}.dc-stepper .dc-count{color:#9aa3ad}
.dc-stepper:focus-visible,.dc-stepper button:focus-visible{outline-color:#7cc4ff}}
"""
_SCRIPT = """
(function(){
function start(root){
 root.setAttribute("data-ready","");
 var steps=JSON.parse(root.querySelector("script[type='application/json']").textContent);
 var at=0,timer=null,find=function(s){return root.querySelector(s)};
 var back=find(".dc-back"),on=find(".dc-on"),play=find(".dc-play"),count=find(".dc-count"),text=find(".dc-text");
 var marks=root.querySelectorAll("svg [data-known]");
 function show(k){
  at=Math.max(0,Math.min(steps.length-1,k));
  marks.forEach(function(e){e.classList.toggle("later",+e.getAttribute("data-known")>at)});
  root.querySelectorAll("svg .now").forEach(function(e){e.classList.remove("now")});
  var cell=steps[at].cell;
  if(cell>=0){
   root.querySelectorAll('svg .cell[data-index="'+cell+'"],svg .wire[data-to="'+cell+'"]')
    .forEach(function(e){e.classList.add("now")});
  }
  count.textContent="step "+(at+1)+" of "+steps.length;
  text.textContent=steps[at].text;
  back.disabled=at===0;on.disabled=at===steps.length-1;
  root.setAttribute("data-step",at);
 }
 function stop(){if(timer!==null){clearInterval(timer);timer=null}play.textContent="play"}
 function run(){
  if(timer!==null){stop();return}
  if(at===steps.length-1)show(0);
  play.textContent="pause";
  timer=setInterval(function(){if(at===steps.length-1||!document.contains(root))stop();else show(at+1)},1200);
 }
 back.addEventListener("click",function(){stop();show(at-1)});
 on.addEventListener("click",function(){stop();show(at+1)});
 play.addEventListener("click",run);
 root.addEventListener("keydown",function(e){
  if(e.altKey||e.ctrlKey||e.metaKey)return;
  var to={ArrowLeft:at-1,ArrowRight:at+1,Home:0,End:steps.length-1}[e.key];
  if(to!==undefined){stop();show(to)}
  else if(e.key===" "&&e.target===root)run();
  else return;
  e.preventDefault();e.stopPropagation();
 });
 find(".dc-bar").hidden=false;
 show(0);
}
document.querySelectorAll(".dc-stepper:not([data-ready])").forEach(start);
})();
"""


def stepper(svg: str, steps: Sequence[Step]) -> str:
    """HTML that shows `svg` step by step; without scripts it shows the whole picture.

    Parameters
    ----------
    svg : str
        Whose labels carry, as ``data-known``, the step from which on they are shown.
    steps : sequence of Step

    Returns
    -------
    str
        Self-contained; several of them can stand on one page.
    """
    told = json.dumps([{"cell": step.cell, "text": step.text} for step in steps], ensure_ascii=False)
    told = told.replace("<", "\\u003c")  # nothing in it can end the script element
    name = "dc-" + hashlib.blake2b((svg + told).encode(), digest_size=6).hexdigest()
    listed = "".join(f"<li>{escape(step.text)}</li>" for step in steps)
    return (
        f'<div class="dc-stepper" id="{name}-stepper" tabindex="0" role="group" '
        f'aria-label="The two passes, step by step; arrow keys move">\n<style>{_CSS}</style>\n'
        f'<div class="dc-frame">{svg}</div>\n'
        '<div class="dc-bar" hidden><button type="button" class="dc-back">previous</button>'
        '<button type="button" class="dc-on">next</button><button type="button" class="dc-play">play</button>'
        '<span class="dc-count"></span></div>\n<p class="dc-text" aria-live="polite"></p>\n'
        f"<noscript><ol>{listed}</ol></noscript>\n"
        f'<script type="application/json">{told}</script>\n<script>{_SCRIPT}</script>\n</div>'
    )


def page(title: str, body: str) -> str:
    """A whole HTML document around `body`."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
