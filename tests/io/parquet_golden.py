"""Writes parquet_golden.parquet for parquet_test.cpp, in two row groups, and beside it a file with columns that no frame can hold.

    parquet_golden.py [FOLDER]        wants pyarrow (made with pyarrow 26)
"""
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
moment = datetime(2020, 2, 29, 12, 0, 1)
table = pa.table(
    {
        "flag": pa.array([True, None, False]),
        "i8": pa.array([1, -2, None], pa.int8()),
        "u32": pa.array([2**32 - 1, None, 0], pa.uint32()),
        "i64": pa.array([2**60, -1, None], pa.int64()),
        "f32": pa.array([0.5, None, float("nan")], pa.float32()),
        "f64": pa.array([1e300, float("nan"), None]),
        "text": pa.array(["Etna", None, "Ærø"]),
        "long": pa.array(["", "b", None], pa.large_string()),
        "kind": pa.array(["b", None, "a"]).dictionary_encode(),
        "s": pa.array([moment, None, datetime(1970, 1, 1)], pa.timestamp("s")),
        "ms": pa.array([moment, None, datetime(1970, 1, 1)], pa.timestamp("ms", "Europe/Rome")),
        "us": pa.array([moment, None, datetime(1970, 1, 1)], pa.timestamp("us")),
        "ns": pa.array([moment, None, datetime(1970, 1, 1)], pa.timestamp("ns")),
        "day": pa.array([date(2020, 2, 29), None, date(1970, 1, 1)]),
        "span": pa.array([timedelta(milliseconds=1500), None, timedelta(0)], pa.duration("ms")),
        "nothing": pa.nulls(3),
    }
)
pq.write_table(table, folder / "parquet_golden.parquet", row_group_size=2)
other = pa.table(
    {
        "list": pa.array([[1, 2], None, []]),
        "n": pa.array([1, 2, 3]),
        "price": pa.array([Decimal("1.50"), None, Decimal("2.00")]),
        "pair": pa.array([{"a": 1, "b": 2}, None, {"a": 3, "b": 4}]),
        "bytes": pa.array([b"\xff", None, b""]),
        "last": pa.array(["x", "y", "z"]),
    }
)
pq.write_table(other, folder / "parquet_nested.parquet")
