#!/usr/bin/env python3
"""Writes arrow_golden.txt: arrays as pyarrow gives them away through the Arrow C data interface, and what they hold.

    pip install pyarrow && python3 arrow_golden.py > arrow_golden.txt

A case is lines: "case NAME", "values TEXT..." (one word each, as JSON; times as nanoseconds), then for the array, and for its dictionary if it has one,
"array FORMAT LENGTH NULLS OFFSET" and a line "buffer HEX" for each buffer ("buffer -" for one that is not there).
"""
import ctypes
import json
import sys

import pyarrow as pa


class Schema(ctypes.Structure):
    _fields_ = [("format", ctypes.c_char_p)] + [(n, ctypes.c_void_p) for n in ("name", "metadata")] + [
        ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64), ("children", ctypes.c_void_p), ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]


class Array(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int64) for n in ("length", "null_count", "offset", "n_buffers", "n_children")] + [
        ("buffers", ctypes.POINTER(ctypes.c_void_p)), ("children", ctypes.c_void_p), ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]


def tell(array):
    schema, data = Schema(), Array()
    array._export_to_c(ctypes.addressof(data), ctypes.addressof(schema))
    own = array.indices if isinstance(array, pa.DictionaryArray) else array
    sizes = [b.size if b else 0 for b in own.buffers()]
    print("array", schema.format.decode(), data.length, data.null_count, data.offset)
    for k in range(data.n_buffers):
        at = data.buffers[k]
        print("buffer", ctypes.string_at(at, sizes[k]).hex() or "empty" if at else "-")
    if isinstance(array, pa.DictionaryArray):
        tell(array.dictionary)


def case(name, array):
    print("case", name)
    values = array
    if pa.types.is_temporal(array.type):
        values = array.cast(pa.duration("ns") if pa.types.is_duration(array.type) else pa.timestamp("ns")).cast(pa.int64())
    print("values", json.dumps(values.to_pylist(), ensure_ascii=False))
    tell(array)


numbers = [None, 1, 0, 2, None, 3, 7, 100, 5, 4, 6]
for t in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"):
    case(t, pa.array([n and n * 1.0 if "float" in t else n for n in numbers], getattr(pa, t)()))
case("float64 without nulls, sliced", pa.array([0.5, 1.5, -2.25, 1e300], pa.float64())[1:])
case("int32 sliced inside of a byte", pa.array(numbers, pa.int32())[3:10])
case("bool", pa.array([True, None, False, True, True, False, None, True, True, False]))
case("bool sliced", pa.array([True, None, False, True, True, False, None, True, True, False])[3:])
texts = ["", None, "Zürich", "a much longer text than the others", "b", "日本", None, "b"]
case("string", pa.array(texts))
case("string sliced", pa.array(texts)[2:7])
case("large_string", pa.array(texts, pa.large_string()))
case("large_string sliced", pa.array(texts, pa.large_string())[2:7])
case("large_string without nulls", pa.array(["x", "yy", ""], pa.large_string()))
times = [0, None, 1589238000, -1, 1]
for unit in ("s", "ms", "us", "ns"):
    case("timestamp " + unit, pa.array(times, pa.timestamp(unit)))
    case("duration " + unit, pa.array(times, pa.duration(unit)))
case("timestamp with a zone", pa.array(times, pa.timestamp("ns", "UTC")))
case("timestamp of Paris", pa.array(times, pa.timestamp("us", "Europe/Paris")))
case("date32", pa.array([0, None, 18394, -1], pa.date32()))
case("date64", pa.array([0, None, 18394 * 86400000], pa.date64()))
case("dictionary", pa.array(["b", None, "a", "b", "c", "b"]).dictionary_encode())
case("dictionary of large strings, sliced", pa.array(["b", None, "a", "b", "c", "b"], pa.large_string()).dictionary_encode()[2:5])
case("dictionary of bytes", pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 1], pa.int8()), pa.array(["x", "y"])))
case("dictionary that tells a text twice", pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.uint16()), pa.array(["x", "y", "x"])))
case("dictionary with null", pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int64()), pa.array(["x", None])))
case("empty", pa.array([], pa.int64()))
case("empty string", pa.array([], pa.large_string()))
case("null", pa.nulls(3))
print("made with pyarrow", pa.__version__, file=sys.stderr)
