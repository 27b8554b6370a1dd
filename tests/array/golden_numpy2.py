#!/usr/bin/env python3
"""Writes golden_numpy2.txt: what NumPy 2 gives for functions that golden_test.cpp runs on the same arrays.

Run with a Python that has NumPy 2:  python golden_numpy2.py > golden_numpy2.txt
A line: function, axis (or -), element type, shape, elements, "->", element type, shape, elements; or "-> error".
"""
import sys
import warnings

import numpy as np

assert np.__version__ >= "2", np.__version__
warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
nan, inf = np.nan, np.inf

ARRAYS = {
    "float64": [
        np.array([[1.5, -2.5, nan, 0.0], [-0.0, inf, 3.25, -7.0], [nan, nan, nan, 2.0]]),
        np.array([0.5, -1.0, 2.0, 1e300, 1e-300, 4.0]),
        np.zeros((0, 3)),
        np.round(rng.normal(size=(5, 7)) * 8) / 4,
    ],
    "float32": [np.array([[1.5, nan, -3.0], [0.25, -inf, 0.0]], np.float32), np.arange(12, dtype=np.float32).reshape(4, 3) / 4],
    "int32": [np.array([[3, -7, 0], [2, 2, -1]], np.int32), np.array([2147483647, 1, -5], np.int32)],
    "int8": [np.array([[100, 100, 100], [-128, 3, 0]], np.int8)],
    "uint8": [np.array([200, 100, 0, 255], np.uint8)],
    "bool": [np.array([[True, False, True], [False, False, True]])],
    "complex128": [np.array([[1 + 2j, -3j], [0, -1.5 + 0.5j]])],
}
REAL = ["float64", "float32", "int32", "int8", "uint8", "bool"]
NUMBERS = ["float64", "float32", "int32", "int8", "uint8"]
ALL = REAL + ["complex128"]
# function -> (types, takes an axis)
FUNCTIONS = {
    "imag": (["float64", "int8", "complex128"], False),
    "real": (["float64", "int8", "complex128"], False),
    "angle": (["float64", "int32", "complex128"], False),
    "isreal": (["float64", "complex128"], False),
    "iscomplex": (["int8", "complex128"], False),
    "sinc": (["float64", "float32", "int32"], False),
    "nan_to_num": (["float64", "float32", "int8"], False),
    "isposinf": (["float64", "float32"], False),
    "isneginf": (["float64", "float32"], False),
    "cumsum": (ALL, True),
    "cumprod": (ALL, True),
    "nancumsum": (["float64", "float32", "int8"], True),
    "nancumprod": (["float64", "float32"], True),
    "diff": (ALL, True),
    "ptp": (NUMBERS, True),
    "count_nonzero": (ALL, True),
    "nansum": (ALL, True),
    "nanprod": (["float64", "float32", "int32"], True),
    "nanmean": (ALL, True),
    "nanmin": (NUMBERS, True),
    "nanmax": (NUMBERS, True),
    "nanargmin": (NUMBERS, True),
    "nanargmax": (NUMBERS, True),
    "nanvar": (ALL, True),
    "nanstd": (["float64", "float32", "int32"], True),
}


def number(value):
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (complex, np.complexfloating)):
        return number(value.real) + " " + number(value.imag)
    if isinstance(value, (float, np.floating)):
        return "nan" if np.isnan(value) else str(float(value)) if np.isinf(value) else float(value).hex()
    return str(int(value))


def text(array):
    return f"{array.dtype} {array.ndim} {' '.join(map(str, array.shape))} {' '.join(number(v) for v in array.reshape(-1))}".split()


def main():
    for name, (types, axes) in FUNCTIONS.items():
        for dtype in types:
            for array in ARRAYS[dtype]:
                for axis in ["-"] + (list(range(array.ndim)) if axes else []):
                    keywords = {} if axis == "-" else {"axis": axis}
                    if name == "diff" and axis == "-":
                        continue
                    line = [name, str(axis)] + text(array) + ["->"]
                    try:
                        line += text(np.asarray(getattr(np, name)(array, **keywords)))
                    except ValueError:
                        line += ["error"]
                    print(" ".join(line))


if __name__ == "__main__":
    sys.exit(main())
