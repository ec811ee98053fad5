"""ADBench's bundle adjustment: the published residual has 12 correct digits, as certified balls show."""

import math

import numpy as np
import pytest
from flint import arb

from diffcompare import problems
from diffcompare.analysis.reference import reference_gradient
from diffcompare.errors import DataError
from diffcompare.lower.ball_base import precision
from diffcompare.problems.adbench_files import read_observation
from diffcompare.problems.bundle_adjustment import projection_error, projection_jacobian, residual, residual_jacobian
from diffcompare.problems.bundle_adjustment_scene import seen_by
from tests.problems.digits import EPS

POINT = problems.get("bundle-adjustment").point("test")

# The residual in 50-digit arithmetic, 20 digits kept, and as ADBench's unit test expects it.
RESIDUAL = ("-0.26904884923530209093", "0.25994479267791562028")
PUBLISHED = (-0.2690488492351894, 0.2599447926779019)
# The Jacobian in 50-digit arithmetic: camera (11), point (3), weight.
JACOBIAN = (
    (228.8772022082467685, 634.5748114955456277, -782.2228662593409108, 2.428926156071597537, -11.78280796280113425,
     2.541693124877436047, -1.036570849585181393, 0.417022, 0.0, -350.7395210960053999, -912.1077736680094726,
     -2.428926156071597537, 11.78280796280113425, -2.541693124877436047, -0.6451670397132671098),
    (-120.5424359949969096, -385.6732407664604693, 97.54762914033273172, -1.783721085295766308, 4.154667994331261374,
     2.040257180298989346, 0.3491763974331459218, 0.0, 0.417022, 118.1491477044145267, 307.2501089603434694,
     1.783721085295766308, -4.154667994331261374, -2.040257180298989346, 0.6233359215530883124),
    (0.0,) * 14 + (-0.834044,),
)  # fmt: skip


def certified(k):
    """Entry k of the residual, with its derivatives, certified."""
    return reference_gradient(lambda *point: residual(*point)[k], POINT, wrt=(0, 1, 2))


@pytest.mark.parametrize("k", [0, 1])
def test_the_certified_residual_has_the_50_digit_value(k):
    """The ball meets the decimal, whose last digit is rounded."""
    found = certified(k)
    assert found.status == "certified"
    with precision(256):
        # The decimal data are read as float64, each within 2**-53 of its size; the residual's condition is about 2e3.
        assert abs(found.value_ball - arb(RESIDUAL[k])) < 1e-12


@pytest.mark.parametrize(("k", "digits"), [(0, 12), (1, 13)])
def test_the_published_residual_has_twelve_digits(k, digits):
    """Digits of ADBench's number against the certified ball: 12 and 13, lost where 5e2 - 5e2 leaves 0.6."""
    ball = certified(k).value_ball
    with precision(256):
        error = float(abs(ball - PUBLISHED[k]) / abs(ball))
    assert math.floor(-math.log10(error)) == digits


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_jacobian_by_hand_is_the_50_digit_one(k):
    """Every entry, to some 40 roundings of the largest entry of its row."""
    bound = 40 * EPS * max(map(abs, JACOBIAN[k]))
    np.testing.assert_allclose(residual_jacobian(*POINT)[k], JACOBIAN[k], rtol=0, atol=bound)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_certified_jacobian_is_the_one_by_hand(k):
    """Entry by entry: camera, point, weight."""
    entries = np.concatenate([np.ravel(part) for part in certified(k).arrays])
    bound = 40 * EPS * np.max(np.abs(entries))
    # The weight's derivative is projection minus feature, two numbers of 5e2.
    np.testing.assert_allclose(residual_jacobian(*POINT)[k], entries, rtol=0, atol=bound)


def test_a_file_that_is_cut_short_is_told(tmp_path):
    """The message says how many lines there should be."""
    path = tmp_path / "ba.txt"
    path.write_text("2 10 10\n", encoding="ascii")
    with pytest.raises(DataError, match="5 lines"):
        read_observation(path)


# The residual of every observation of ADBench's scenes in 80-bit arithmetic.
SCENES = {"test": (-0.2690488492353061, 0.259944792677912), "ba1": (0.10133583791446112, -0.06896776592435656)}
SCENES["ba2"] = SCENES["ba1"]


@pytest.mark.parametrize("size", SCENES)
def test_every_observation_of_a_scene_has_its_residual(size):
    """As many observations as the file says, each with the residual of the one that is repeated."""
    cameras, points, weights, features = problems.get("bundle-adjustment-scene").point(size)
    by, of = seen_by(cameras, points, weights.size)
    errors = projection_error(cameras[by], points[of], weights[:, np.newaxis], features)
    # A difference of numbers below 1000 pixels, each after some 40 operations.
    np.testing.assert_allclose(errors, np.tile(SCENES[size], (weights.size, 1)), rtol=0, atol=40 * EPS * 1000)


def test_the_blocks_of_a_scene_are_the_50_digit_jacobian():
    """The sparse Jacobian has the same two rows of 15 entries for each of the ten observations."""
    cameras, points, weights, features = problems.get("bundle-adjustment-scene").point("test")
    assert (cameras.shape, points.shape, weights.shape) == ((2, 11), (10, 3), (10,))
    by, of = seen_by(cameras, points, weights.size)
    blocks = projection_jacobian(cameras[by], points[of], weights[:, np.newaxis], features)
    bound = 40 * EPS * max(max(map(abs, row)) for row in JACOBIAN)
    np.testing.assert_allclose(blocks, np.tile(JACOBIAN[:2], (10, 1, 1)), rtol=0, atol=bound)


def test_observations_that_differ_each_have_their_own_block():
    """A scene of distinct cameras and points has, observation by observation, the Jacobian of one."""
    draw = np.random.Generator(np.random.PCG64(5))
    camera, x, weight, feature = POINT
    cameras, points = camera + draw.normal(scale=0.01, size=(3, 11)), x + draw.normal(scale=0.01, size=(3, 3))
    blocks = projection_jacobian(cameras, points, weight, np.tile(feature, (3, 1)))
    for i in range(3):
        single = residual_jacobian(cameras[i], points[i], weight, feature)[:2]
        np.testing.assert_allclose(blocks[i], single, rtol=0, atol=40 * EPS * np.max(np.abs(single)))
