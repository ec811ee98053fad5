"""Crossovers of made-up times, and what is told of methods on a device."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import diffcompare as dc
from diffcompare.analysis.device import crossover, crossover_words, device_note
from diffcompare.errors import SizeLimitError
from diffcompare.lower import cuda_measure
from diffcompare.lower.cuda_measure import DeviceTimes

SIZES = (10.0, 100.0, 1000.0, 10_000.0)


def test_power_laws_cross_where_they_are_equal():
    """1e-8 n meets 1e-5 at n = 1000, whichever sizes are measured."""
    assert crossover([10.0, 1e5], [1e-7, 1e-3], [1e-5, 1e-5]) == pytest.approx(1000.0)
    assert crossover(SIZES, [1e-8 * n for n in SIZES], [1e-5] * 4) == pytest.approx(1000.0)


def test_the_last_crossing_counts():
    """A size at which the device is ahead by chance, and then behind again, is not the crossover."""
    assert crossover(SIZES, [1.0, 1.0, 1.0, 1.0], [0.5, 2.0, 2.0, 0.5]) == pytest.approx(1000.0 * 10.0**0.5)


def test_without_a_crossing_there_is_no_size():
    """Ahead everywhere is 0, behind at the end is None; sizes without a time are left out."""
    assert crossover(SIZES, [2.0] * 4, [1.0] * 4) == 0.0
    assert crossover(SIZES, [1.0] * 4, [2.0] * 4) is None
    assert crossover(SIZES, [None] * 4, [2.0] * 4) is None
    assert crossover(SIZES, [1.0, None, 1.0, 1.0], [2.0, 2.0, None, 0.5]) == pytest.approx(10.0 * 1000.0**0.5)


@pytest.mark.parametrize(
    ("size", "words"), [(None, "not ahead of b x at any"), (0.0, "at every size"), (1234.5, "from size 1,234 on")]
)
def test_a_crossover_in_words(size, words):
    """Each case is another sentence."""
    assert words in crossover_words("a", "b", size, "x")


@pytest.fixture
def sweep():
    """A sweep of the CPU's method, with made-up times, beside made-up ones of a device."""
    found = dc.sweep_sizes(lambda x: np.sum(x * x), [10, 1000], ["reverse", "forward"], point=np.ones)
    times = {"reverse": (1e-7, 1e-5), "forward": (1e-5, 1e-6)}
    for record in found.records:
        record["median_s"] = times[record["method"]][(10, 1000).index(record["size"])]
    object.__setattr__(found, "kernels", {"forward": (5e-7, 5e-7)})
    return found


def test_a_sweep_tells_and_draws_its_crossovers(sweep):
    """With copies where the times meet, without where those of the kernels do."""
    with_copies, without = sweep.crossovers().values()
    # log(t) is linear in log(n): the ratio goes from 100 to 0.1 over two decades, and from 5 to 0.05.
    assert with_copies == pytest.approx(10.0 * 100.0 ** (2.0 / 3.0))
    assert without == pytest.approx(10.0 * 100.0 ** (np.log(5.0) / np.log(100.0)))
    assert "forward is ahead of reverse with copies from size 215 on" in str(sweep)
    assert "forward is ahead of reverse without copies from size 50 on" in str(sweep)
    labels = [line.get_label() for line in sweep.plot().axes[0].get_lines()]
    assert "forward: kernels alone" in labels and "forward ahead of reverse without copies from 50" in labels
    assert sweep.to_dict()["kernels"] == {"forward": [5e-7, 5e-7]}


def test_times_of_a_device_in_words():
    """Bytes a second are a share of the copy's; what the host takes longer to start is bound by launches."""
    times = DeviceTimes(1e-4, 2e-5, 3e-4, 4e-4, 160_000_000, 2e12)
    assert times.share == pytest.approx(0.8) and not times.launch_bound
    assert "kernels 100 µs, copies 300 µs to the device and 400 µs back; 1600 GB/s, 80 % of a copy" in str(times)
    assert "bound by launches (20 µs a call)" in str(DeviceTimes(1e-5, 2e-5, 3e-4, 4e-4, 1600, 2e12))


def test_what_was_not_measured_is_told(monkeypatch):
    """The simulator has no times of a device; a device without memory gives its reason, not an exception."""
    note, seconds = device_note(SimpleNamespace(device=SimpleNamespace(simulated=True)), ())
    assert "simulator" in note and seconds is None

    def refuse(program, args):
        raise SizeLimitError("The device is out of memory: 5 bytes.\n  Free other arrays.")

    monkeypatch.setattr("diffcompare.analysis.device.measure", refuse)
    note, seconds = device_note(SimpleNamespace(device=SimpleNamespace(simulated=False)), ())
    assert note == "the device was not measured: The device is out of memory: 5 bytes." and seconds is None
    assert cuda_measure.COPY_BYTES > 2**27  # beyond the caches: 126 MB on the largest device so far
