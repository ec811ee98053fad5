"""What single backticks mean in docstrings: a link where the name has a page, else code.

A name that begins with ``diffcompare.`` (or ``dc.``) and can neither be found on a page nor be imported is a warning:
it names something that does not exist.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxRole

PACKAGE = "diffcompare"
NAME = re.compile(r"(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(.*\))?")


class NameRole(SphinxRole):
    """A link to a Python object by its name, as it stands in the text; code where the text is no name."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The node: code, or a reference to be resolved."""
        code = nodes.literal(self.rawtext, self.text, classes=["code"])
        found = NAME.fullmatch(self.text)
        if found is None:
            return [code], []
        reference = addnodes.pending_xref(
            self.rawtext, code, refdomain="py", reftype="obj", reftarget=re.sub(r"^dc\.", f"{PACKAGE}.", found["name"]),
            refexplicit=False, refdoc=self.env.docname, byname=True,
            **{"py:module": self.env.ref_context.get("py:module"), "py:class": self.env.ref_context.get("py:class")},
        )  # fmt: skip
        self.set_source_info(reference)
        return [reference], []


def unresolved(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: Any) -> nodes.Node | None:
    """A name of the top of the package seen from one of its modules; else code, if there is such an object."""
    if not node.get("byname"):
        return None
    target = node["reftarget"]
    if not target.startswith(f"{PACKAGE}."):
        again = node.deepcopy()
        again["reftarget"] = f"{PACKAGE}.{target}"
        found = env.get_domain("py").resolve_xref(
            env, node["refdoc"], app.builder, "obj", again["reftarget"], again, content
        )
        return found or content
    return content if exists(target) else None


def exists(dotted: str) -> bool:
    """Whether the name leads to a module, or to an attribute of one."""
    parts = dotted.split(".")
    found, module = importlib.import_module(parts[0]), parts[0]
    for part in parts[1:]:
        module = f"{module}.{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(module)
            except ImportError:
                return False
    return True


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the role and what happens to names without a page."""
    app.add_role("name", NameRole())
    app.connect("missing-reference", unresolved)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
