"""FFTW's distributed transform is Ashlar's own, also where the rows do not divide evenly and where workers have none."""
import sys
import tempfile

from running import check, run

program = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    for ranks, n in ((0, 64), (2, 50), (3, 128), (4, 50), (5, 5)):
        said = run(program, ranks, folder, "--n", n)
        check(f"{n} rows on {ranks} ranks are right", said.rstrip().endswith(": right"))
