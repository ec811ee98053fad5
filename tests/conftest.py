"""What every test shares: no window is opened, and random inputs are the same on every run."""

import os

import hypothesis

os.environ.setdefault("MPLBACKEND", "Agg")

# A deadline would measure the machine (the first example compiles), not the code.
hypothesis.settings.register_profile("diffcompare", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("diffcompare")
