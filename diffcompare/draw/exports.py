"""The circuit as text: Mermaid, Graphviz, and a list for a terminal."""

from __future__ import annotations

from .cells import Cell, Circuit
from .labels import formula, join
from .passes import Passes


def mermaid(circuit: Circuit, numbers: Passes | None) -> str:
    """A flowchart in Mermaid's language, with value and cotangent on the wires."""
    found = ["flowchart LR"]
    for i, cell in enumerate(circuit.cells):
        opening, closing = {"input": ("[", "]"), "constant": (">", "]")}.get(cell.kind, ("((", "))"))
        found.append(f'  n{i}{opening}"{_mermaid(cell.label)}"{closing}')
    for i, cell in enumerate(circuit.cells):
        for a in cell.args:
            label = _wire(circuit.cells[a], a, numbers)
            found.append(f'  n{a} -->|"{_mermaid(label)}"| n{i}' if label else f"  n{a} --> n{i}")
    for place in circuit.outputs:
        label = _wire(circuit.cells[place], place, numbers)
        found.append(f'  n{place} -->|"{_mermaid(label)}"| o{place}[" "]' if label else f'  n{place} --> o{place}[" "]')
    return "\n".join(found) + "\n"


def dot(circuit: Circuit, numbers: Passes | None) -> str:
    """A directed graph in Graphviz's language, with value and cotangent on the wires."""
    found = ["digraph circuit {", "  rankdir=LR;", '  node [shape=circle, fontname="Helvetica"];']
    shapes = {"input": "box", "constant": "plaintext", "fold": "box", "cut": "plaintext"}
    for i, cell in enumerate(circuit.cells):
        shape = f", shape={shapes[cell.kind]}" if cell.kind in shapes else ""
        found.append(f'  n{i} [label="{_dot(cell.label)}"{shape}];')
    for i, cell in enumerate(circuit.cells):
        for a in cell.args:
            label = _wire(circuit.cells[a], a, numbers)
            found.append(f"  n{a} -> n{i}" + (f' [label="{_dot(label)}"]' if label else "") + ";")
    for place in circuit.outputs:
        label = _wire(circuit.cells[place], place, numbers)
        found.append(f'  o{place} [label="", shape=none];')
        found.append(f"  n{place} -> o{place}" + (f' [label="{_dot(label)}"]' if label else "") + ";")
    return "\n".join([*found, "}", ""])


def plain(title: str, circuit: Circuit, numbers: Passes | None) -> str:
    """One line a cell, with value and cotangent in columns."""
    names = [cell.name or cell.label for cell in circuit.cells]
    rows = [("", "value", "derivative of the output")] if numbers else []
    for i, cell in enumerate(circuit.cells):
        if cell.kind == "constant":
            continue
        text = formula(cell.op, cell.label, [names[a] for a in cell.args])
        what = {"input": f"input {cell.name}", "cut": f"{cell.name} (not drawn)", "fold": f"{cell.name} {cell.label}"}
        said = what.get(cell.kind, f"{cell.name} = {text}")
        back = numbers.cotangents[i] if numbers else None
        rows.append((said, join(numbers.values[i]) if numbers else "", "" if back is None else join(back)))
    first = max((len(row[0]) for row in rows), default=0)
    second = max((len(row[1]) for row in rows), default=0)
    found = [f"  {a:{first}}  {b:{second}}  {c}".rstrip() for a, b, c in rows]
    return "\n".join([title, *found, *circuit.notes])


def _wire(cell: Cell, place: int, numbers: Passes | None) -> str:
    if numbers is None or cell.kind == "constant":
        return ""
    back = numbers.cotangents[place]
    return join(numbers.values[place]) + ("" if back is None else f"\n{join(back)}")


def _mermaid(text: str) -> str:
    # Mermaid reads entities by number; quotes, brackets and marks of Markdown would end the label or change it.
    return "".join(c if c.isalnum() or c in " .,-" else "<br>" if c == "\n" else f"#{ord(c)};" for c in text)


def _dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
