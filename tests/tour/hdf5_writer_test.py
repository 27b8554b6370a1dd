"""hdf5_writer writes a file of 300 MB with room for 64 MiB on each of two workers, and h5py reads it.

    hdf5_writer_test.py HDF5_WRITER FOLDER
"""

import shutil
import sys
from pathlib import Path

import h5py
import numpy
from running import expect, run

program, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
path = folder / "large.h5"

printed = run(program, "--gib", 0.3, "--out", path, "--keep", "--ashlar-memory-limit=64MiB", ranks=3)
expect("right" in printed, "the mean of what was read back", printed)
with h5py.File(path, "r") as file:
    x = file["/x"]
    expect(x.shape == (39322, 1024) and x.attrs["rows"] == 39322, f"shape and attribute: {x}, {dict(x.attrs)}")
    for first in range(0, 39322, 5000):
        expect((x[first] == first * 1024 + numpy.arange(1024)).all(), f"row {first}")

run(program, "--gib", 0.01, "--out", path, ranks=0)
expect(not path.exists(), "without --keep the file is removed")
shutil.rmtree(folder)
