"""The whole tour, small, on some number of ranks: what it prints is right, what it leaves can be read by others.

    tour_test.py TOUR FOLDER --ranks N        0: without mpirun
"""

import argparse
import collections
import csv
import re
import shutil
import subprocess
from pathlib import Path

import h5py
import numpy
from running import check_png, check_svg, expect, lines_of, run

parser = argparse.ArgumentParser()
parser.add_argument("tour")
parser.add_argument("folder", type=Path)
parser.add_argument("--ranks", type=int, required=True)
options = parser.parse_args()
folder = options.folder

shutil.rmtree(folder, ignore_errors=True)
printed = run(options.tour, "--quick", "--gib", 0.05, "--output", folder, ranks=options.ranks)
lines = lines_of(printed)


def printed_after(code):
    """The line below the first one that shows this code."""
    for i, line in enumerate(lines):
        if line.startswith(">") and code in line:
            return lines[i + 1]
    raise SystemExit(f"the tour does not show {code}\n{printed}")


def dataframe():
    with open(Path(options.tour).parent / "volcanoes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expect(len(rows) >= 60, "at least 60 volcanoes")
    oldest = min(int(row["last_eruption_year"]) for row in rows if row["last_eruption_year"] != "Unknown")
    frequent = collections.Counter(row["country"] for row in rows).most_common(5)
    expect(printed_after("df.len()") == str(len(rows)), "the number of rows", printed)
    expect(printed_after('df["last_eruption_year"].min()') == str(oldest), "the oldest eruption", printed)
    expect("most frequent: " + ", ".join(f"{country} {n}" for country, n in frequent) in lines, "the most frequent countries", printed)


def values_of(name):
    return [lines[i + 1] for i, line in enumerate(lines) if line == f">  {name}"]


def numbers():
    ones, steps, _ = map(float, values_of("mean"))
    expect(ones == 1, "the mean of ones", printed)
    expect(abs(steps - 1 / 6) < 1e-6, "the mean of x * x[::-1, ::-1]", printed)
    expect(abs(float(values_of("deviation")[0]) - numpy.sqrt(1 / 12)) < 1e-6, "the standard deviation", printed)
    for name, value in (("three", "3"), ("sum", "65536"), ("root", "65536"), ("same", "true")):
        expect(values_of(name) == [value], f"{name} is {value}", printed)


def pictures():
    for name in ("mean.svg", "z.svg", "loop.svg"):
        check_svg(folder / name)
    table = numpy.loadtxt(folder / "plot.txt")
    expect(table.shape == (4000, 3) and numpy.abs(table[:, 1] - table[:, 2]).max() < 0.1, "the numbers of the plot")
    if shutil.which("gnuplot"):
        check_svg(folder / "plot.svg")
        check_png(folder / "plot.png")
    else:
        expect("gnuplot could not be started" in printed, "a sentence about the missing gnuplot", printed)


def hdf5_file():
    path = folder / "x.h5"
    with h5py.File(path, "r") as file:
        x = file["/measured/x"]
        expect(x.shape == (6711, 1000) and x.dtype == numpy.float64 and x.chunks == (1000, 1000), f"shape and type: {x}")
        expect(x.attrs["units"] in ("K", b"K") and x.attrs["step"] == 1.0 and len(x.attrs) == 2, f"attributes: {dict(x.attrs)}")
        n = x.size
        expect(float(x[...].sum()) == n * (n - 1) / 2, "the sum of the file")
        expect(x[5000, 17] == 5_000_017, "an element of the file")
    header = subprocess.run(["h5dump", "-H", path], check=True, capture_output=True, text=True).stdout
    expect(re.search(r'GROUP "measured"\s*{\s*DATASET "x"\s*{\s*DATATYPE\s+H5T_IEEE_F64LE\s+DATASPACE\s+SIMPLE { \( 6711, 1000 \)', header), header)
    element = subprocess.run(["h5dump", "-d", "/measured/x", "-s", "6710,999", "-c", "1,1", path], check=True, capture_output=True, text=True).stdout
    expect(re.search(r"\(6710,999\): 6\.711e\+06|\(6710,999\): 6710999", element), element)
    expect(sorted(p.name for p in folder.iterdir() if "x.h5" in p.name) == ["x.h5"], "no temporary file is left")


dataframe()
numbers()
pictures()
hdf5_file()
shutil.rmtree(folder)
