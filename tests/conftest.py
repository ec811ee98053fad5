"""What every test shares: no window is opened, and random inputs are the same on every run."""

import os

import hypothesis

os.environ.setdefault("MPLBACKEND", "Agg")

# A deadline would measure the machine (the first example compiles), not the code.
hypothesis.settings.register_profile("diffcompare", deadline=None, derandomize=True, print_blob=True)
# Long searches, by hand: python -m pytest tests/agreement/test_random_graphs.py --hypothesis-profile=many
hypothesis.settings.register_profile("many", deadline=None, max_examples=10_000)
hypothesis.settings.load_profile("diffcompare")
