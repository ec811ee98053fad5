"""`python -m diffcompare` is the command `diffcompare`."""

from diffcompare.cli import main

if __name__ == "__main__":
    main()
