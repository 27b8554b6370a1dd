"""Writes pandas_categories.h5: pandas' categories and indexes of several levels, in its formats "fixed" and "table", for frames_test.cpp.

    pandas_categories.py [FOLDER]        wants pandas and PyTables (made with pandas 3.1, PyTables 3.11)
"""
import sys
import warnings
from pathlib import Path

import numpy
import pandas
import tables

warnings.simplefilter("ignore")
file = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent) / "pandas_categories.h5"
file.unlink(missing_ok=True)
frame = pandas.DataFrame(
    {
        "n": [1, 2, 3, 4],
        "kind": pandas.Categorical(["b", None, "Ærø", "b"], categories=["b", "Ærø", "never"]),
        "size": pandas.Categorical([5, 7, None, 5]),
        "x": [0.5, 1, 2, 3],
        "none": pandas.Categorical([None] * 4, categories=[]),
    }
)
two = pandas.MultiIndex.from_arrays([["p", "p", "q", "q"], [1, 2, 1, 2]], names=["letter", "no"])
four = pandas.MultiIndex.from_arrays(
    [["p", None, "q", "q"], pandas.to_datetime(["2020-01-01", "2020-01-02", None, "2020-01-01"]), [True, False, True, True], [1.5, 2.5, -1.5, 1.5]]
)
plain = frame[["n", "x"]]
days = plain.set_index(pandas.date_range("2020-02-28", periods=4, freq="D", tz="Europe/Rome", name="day"))
names = pandas.MultiIndex.from_tuples([("a", "n"), ("a", "x")])
with pandas.HDFStore(file, complevel=9, complib="zlib") as store:

    def put(key, what, format):
        store.put(key, what, format=format, track_times=False, **({"index": False} if format == "table" else {}))

    put("table", frame, "table")
    store.put("data_columns", frame, format="table", track_times=False, index=False, data_columns=["kind", "n"])
    put("series", frame["kind"], "table")
    put("index/table", frame.set_index("kind")[["x"]], "table")
    put("index/fixed", frame.set_index("kind")[["x"]], "fixed")
    put("days/table", days, "table")
    put("days/fixed", days, "fixed")
    for format in ("fixed", "table"):
        put(f"two/{format}", plain.set_index(two), format)
        put(f"four/{format}", plain.set_index(four), format)
        put(f"some/{format}", plain.set_index(two).iloc[2:], format)
        put(f"of_series/{format}", plain.set_index(two)["x"], format)
        put(f"names/{format}", plain.set_axis(names, axis=1), format)
    put("two/empty", plain.set_index(two).iloc[:0], "fixed")
    put("two/category", plain.set_index([frame["kind"], frame["n"].rename("i")]), "table")
    put("periods", plain.set_index(pandas.period_range("2020-01", periods=4, freq="M")), "fixed")
with tables.open_file(file, "a") as made:
    # Of what pandas makes around the categories only the categories: its search indexes are nothing that is read, and large.
    for node in list(made.walk_nodes("/", "Group")):
        if node._v_name == "meta" and "table" in node._v_children:
            node.table.cols.index.remove_index()
            node.table.cols.values.remove_index()
# Without the space of what was removed.
packed = file.with_suffix(".packed")
with tables.open_file(file) as made:
    made.copy_file(packed, overwrite=True)
packed.replace(file)
print(file, file.stat().st_size, "bytes")
