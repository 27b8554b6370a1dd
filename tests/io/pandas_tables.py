#!/usr/bin/env python3
"""Makes pandas_tables.h5: frames in pandas' formats "fixed" and "table", and tables of PyTables and h5py, for frames_test.cpp.

    pandas_tables.py [FOLDER]        wants pandas and PyTables (made with pandas 3.1, PyTables 3.11) and h5py
"""
import sys
from pathlib import Path

import h5py
import numpy
import pandas
import tables

file = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent) / "pandas_tables.h5"
file.unlink(missing_ok=True)
frame = pandas.DataFrame(
    {
        "number": numpy.array([1, -2, 3, 2**40], dtype="int64"),
        "text": ["Etna", "", None, "Ærø/ß"],
        "real": [1.5, float("nan"), -0.25, 1e300],
        "flag": [True, False, True, True],
        "small": numpy.array([1, 2, 3, 255], dtype="uint8"),
        "when": pandas.to_datetime(["2020-02-29T12:00:01.5", None, "1970-01-01", "1883-08-27"], format="ISO8601"),
        "other": ["a", "b", "c", "d"],
        "float": numpy.array([0.5, 1, 2, 3], dtype="float32"),
    }
)
with pandas.HDFStore(file, complevel=9, complib="zlib") as store:
    store.put("fixed", frame, format="fixed", track_times=False)
    store.put("table", frame, format="table", track_times=False, index=False, data_columns=["number", "text"])
    store.put("deep/table", frame.set_index("when")[["real", "number"]].dropna(), format="table", track_times=False, index=False)
    store.put("named", frame.set_index("number")[["real", "flag"]], format="fixed", track_times=False)
    store.put("series", frame["real"], format="fixed", track_times=False)
    store.put("empty", frame[["number", "real"]].iloc[:0], format="fixed", track_times=False)
    store.put("category", frame[["number"]].assign(kind=frame["text"].astype("category")), format="table", track_times=False, index=False)
with tables.open_file(file, "a") as made:

    class Row(tables.IsDescription):
        name = tables.StringCol(8, pos=0)
        size = tables.Int32Col(pos=1)
        level = tables.Float64Col(pos=2)
        on = tables.BoolCol(pos=3)

    table = made.create_table("/", "plain", Row, chunkshape=(4,))
    table.append([("Abu", 3, 0.5, True), ("", -1, 2.25, False), ("12345678", 7, -1, True)])
with h5py.File(file, "a") as made:
    rows = numpy.zeros(2, dtype=[("id", ">i8"), ("vector", "f8", (3,))])
    made["vectors"] = rows
    made["of_h5py"] = numpy.array([(1, b"x"), (2, b"yz")], dtype=[("id", ">u2"), ("code", "S2")])
print(file, file.stat().st_size, "bytes")
