"""The pictures of the gallery, made by the library itself: ``python docs/gallery.py``.

Pictures of measurements are drawn from ``docs/gallery/measured/``, so that they have the same bytes on every run;
``python docs/gallery.py --measure`` measures them anew first, in a few minutes.
"""

from __future__ import annotations

import argparse
import inspect
import io
import json
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

import diffcompare as dc
from diffcompare.analysis.environment import Environment
from diffcompare.analysis.growth import Growth
from diffcompare.draw.drawing import Drawing
from diffcompare.optimize.history import History

matplotlib.use("agg")

HERE = Path(__file__).parent
FOLDER = HERE / "gallery"
MEASURED = FOLDER / "measured"
DIGITS = 6  # of stored losses and seconds
RUNS = 9  # of a training: what else the machine does adds to a time and never takes from it
LARGEST = 150_000  # bytes of a picture


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: what makes it, and how a measured one is kept.

    Attributes
    ----------
    title : str
        A few words.
    make : callable
        Gives a result of the library, or a drawing; its docstring is the caption, its body the code on the page.
    path : Path
        The SVG file.
    save, load : callable or None
        ``save(result, path)`` and ``load(path)`` of a measurement; None where every run gives the same.
    """

    title: str
    make: Callable[[], Any]
    path: Path
    save: Callable[[Any, Path], object] | None = None
    load: Callable[[Path], Any] | None = None

    @property
    def caption(self) -> str:
        """One sentence or two."""
        return " ".join((self.make.__doc__ or "").split())

    @property
    def code(self) -> str:
        """What a reader types for it."""
        lines = inspect.getsource(self.make).splitlines()
        closing = [number for number, line in enumerate(lines) if line.endswith('"""')]
        body = textwrap.dedent("\n".join(lines[closing[-1] + 1 :])).strip()
        before, _, last = body.rpartition("return ")
        return before + (last if "draw(" in last else f"result = {last}\nresult.plot()")

    @property
    def kept(self) -> Path:
        """The file of the measurement."""
        return MEASURED / f"{self.path.stem}.json"

    def result(self, measure: bool) -> Any:
        """What is drawn: made now, or as it was measured."""
        if self.save is None or self.load is None:
            return self.make()
        if measure:
            MEASURED.mkdir(parents=True, exist_ok=True)
            self.save(self.make(), self.kept)
        return self.load(self.kept)

    def svg(self, measure: bool = False) -> str:
        """The picture as text; the same bytes for the same result and version of matplotlib."""
        result = self.result(measure)
        if isinstance(result, Drawing):
            return result.svg
        with matplotlib.rc_context():
            matplotlib.rcdefaults()  # whatever the reader's own settings are
            matplotlib.rcParams["svg.hashsalt"] = "diffcompare"
            text = io.StringIO()
            figure = result.plot()
            figure.savefig(text, format="svg", metadata={"Date": None})
            plt.close(figure)
        return compact(text.getvalue())


def compact(svg: str) -> str:
    """The same picture without metadata, and with no more digits than can be seen."""
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"-?\d+\.\d{3,}", lambda found: _shorter(float(found[0])), svg)
    svg = re.sub(r'(?<= d=")[^"]*', lambda found: " ".join(found[0].split()), svg)
    return re.sub(r"\s*\n\s*", "\n", svg)


def _shorter(number: float) -> str:
    text = f"{number:.2f}" if abs(number) >= 1 else f"{number:.4f}"
    return text.rstrip("0").rstrip(".")


def comparison(path: Path) -> dc.Comparison:
    """A comparison from its JSON, as far as its picture goes."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return dc.Comparison(
        records=found["records"], reference=None, environment=Environment(**found["environment"]),
        problem=found["problem"], at=tuple(found["at"].values()), names=tuple(found["at"]),
    )  # fmt: skip


def size_sweep(path: Path) -> dc.SizeSweep:
    """A sweep over sizes from its JSON."""
    found = json.loads(path.read_text(encoding="utf-8"))
    exponents = {
        method: {measure: growth and Growth(**growth) for measure, growth in fitted.items()}
        for method, fitted in found["exponents"].items()
    }
    return dc.SizeSweep(
        problem=found["problem"], sizes=tuple(found["sizes"]), entries=tuple(found["entries"]),
        axis=tuple(found["sizes"]), records=found["records"], exponents=exponents, against=found["against"],
        environment=Environment(**found["environment"]),
    )  # fmt: skip


def keep_size_sweep(result: dc.SizeSweep, path: Path) -> None:
    """Keep all but the gradients, which are long."""
    found = result.to_dict()
    for record in found["records"]:
        record["gradient"] = None
    path.write_text(json.dumps(found) + "\n", encoding="utf-8")


def keep_training(result: dc.TrainingComparison, path: Path) -> None:
    """Keep what a picture of a training needs, each step with the shortest of its times in several runs."""
    runs = [result.histories, *(training_xor().histories for _ in range(RUNS - 1))]
    found = result.to_dict()
    for label, kept in found["histories"].items():
        times = np.min([np.diff(histories[label].seconds, prepend=0.0) for histories in runs], axis=0)
        numbers = {"losses": kept["losses"], "seconds": np.cumsum(times)}
        found["histories"][label] = {k: [float(f"{x:.{DIGITS}g}") for x in row] for k, row in numbers.items()}
    del found["checkpoints"]
    path.write_text(json.dumps(found) + "\n", encoding="utf-8")


def training(path: Path) -> dc.TrainingComparison:
    """A comparison of trainings from its JSON, without checkpoints."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["histories"] = {label: History(found["optimizer"], **kept) for label, kept in found["histories"].items()}
    return dc.TrainingComparison(**{**found, "environment": Environment(**found["environment"])})


def compare() -> dc.Comparison:
    """Every method on one expression: how many digits it gets, and what one gradient costs."""
    return dc.compare("(x + 1/(1+exp(-y))) / (1/(1+exp(-x)) + (x+y)**2)", at=(3.0, -4.0))


def step_sweep() -> dc.StepSweep:
    """The error of a difference against its step: truncation falls to the left, round-off rises, and theory (dashed)
    says where they meet; the complex step has no round-off.
    """
    f = "exp(x) / sqrt(sin(x)**3 + cos(x)**3)"
    methods = ["forward-difference", "central-difference", "central-difference-4", "complex-step"]
    return dc.sweep_steps(f, at=1.5, methods=methods, dtypes=["float64"])


def circuit() -> Drawing:
    """Backpropagation through (x + y) z: values above the wires, derivatives of the output below them."""
    return dc.parse("(x + y) * z").draw(at=(-2.0, 5.0, -4.0))


def neuron() -> Drawing:
    """A sigmoid neuron, gate by gate."""
    f = dc.parse("1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))")
    return f.draw(at=(2.0, -1.0, -3.0, -2.0, -3.0))


def expression_swell() -> dc.Swell:
    """Operations of the derivative of the iterated logistic map: as a formula it swells, as a tape it does not."""
    return dc.expression_swell("4*x*(1-x)", iterate=range(2, 7))


def size_growth() -> dc.SizeSweep:
    """Time, error and cost against the number of inputs: differences need values in proportion to it, reverse mode does
    not.
    """
    return dc.sweep_sizes("rosenbrock", sizes=(10, 30, 100, 300, 1000, 3000))


def gradient_check() -> dc.GradientCheck:
    """A gradient that is wrong by a thousandth in one entry: its remainder stops falling above the noise."""

    def cubes(x):  # noqa: ANN001 - as a reader writes it
        return np.sum(x**3)

    x = np.array([0.3, 0.7, 1.1])
    return dc.check_gradient(cubes, grad=3 * x**2 * [1, 1.001, 1], at=x)


def work_precision() -> dc.BenchmarkRun:
    """A suite of problems: error against the time of a gradient, in units of one written by hand."""
    return dc.benchmark("quick")


def training_xor() -> dc.TrainingComparison:
    """The same network trained on exclusive or with each gradient: the same path by steps, not by seconds."""
    xor = dc.problems.get("xor-2-3-1")
    *start, inputs, targets = xor.point()
    return dc.compare_training(
        xor.function, tuple(start), data=(inputs, targets), target=0.01, steps=300, learning_rate=0.1,
        methods=["reverse", "symbolic", "central-difference", "forward-difference"],
    )  # fmt: skip


def _in_folder(name: str) -> Path:
    return FOLDER / f"{name}.svg"


PICTURES = (
    Picture("Every method on one expression", compare, HERE / "compare.svg", dc.Comparison.to_json, comparison),
    Picture("Truncation against round-off", step_sweep, _in_folder("step-sweep")),
    Picture("A circuit", circuit, _in_folder("circuit")),
    Picture("A neuron", neuron, _in_folder("neuron")),
    Picture("Expression swell", expression_swell, _in_folder("expression-swell")),
    Picture("Growth with size", size_growth, _in_folder("size-growth"), keep_size_sweep, size_sweep),
    Picture("A gradient that is wrong", gradient_check, _in_folder("gradient-check")),
    Picture("A suite of problems", work_precision, _in_folder("work-precision"), dc.BenchmarkRun.save, dc.load),
    Picture("Learning with each gradient", training_xor, _in_folder("training"), keep_training, training),
)


def main() -> None:
    """Write all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these, such as circuit")
    parser.add_argument("--measure", action="store_true", help="measure anew what is measured")
    options = parser.parse_args()
    known = {picture.path.stem: picture for picture in PICTURES}
    FOLDER.mkdir(exist_ok=True)
    for name in options.names or known:
        if name not in known:
            parser.error(f"there is no picture {name!r}; there are {', '.join(known)}.")
        text = known[name].svg(options.measure)
        known[name].path.write_text(text, encoding="utf-8")
        print(f"{known[name].path.relative_to(HERE.parent)}  {len(text.encode()) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
