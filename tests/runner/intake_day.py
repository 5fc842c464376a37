"""A runner and its intake in processes of their own, for a test that kills one of the two: FOLDER PORT."""

import sys
from pathlib import Path

from tests.runner.test_intake_process import Place

if __name__ == "__main__":
    place = Place(Path(sys.argv[1]))
    with place.open(int(sys.argv[2])):
        print("listens", flush=True)
        sys.stdin.read()
