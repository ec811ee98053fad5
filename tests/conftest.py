"""What every test shares: no window is opened, random inputs are the same on every run, code is compiled afresh."""

import atexit
import os
import shutil
import tempfile

import hypothesis

os.environ.setdefault("MPLBACKEND", "Agg")
if "DIFFCOMPARE_CACHE_DIR" not in os.environ:  # the user's store is neither read nor filled; workers inherit this one
    _folder = tempfile.mkdtemp(prefix="diffcompare-tests-")
    os.environ["DIFFCOMPARE_CACHE_DIR"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)

# A deadline would measure the machine (the first example compiles), not the code.
hypothesis.settings.register_profile("diffcompare", deadline=None, derandomize=True, print_blob=True)
# Long searches, by hand: python -m pytest tests/agreement/test_random_graphs.py --hypothesis-profile=many
hypothesis.settings.register_profile("many", deadline=None, max_examples=10_000)
hypothesis.settings.load_profile("diffcompare")
