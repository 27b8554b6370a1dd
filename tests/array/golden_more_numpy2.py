#!/usr/bin/env python3
"""Writes golden_more_numpy2.txt: what NumPy 2 gives for functions of several arrays, or with several results, that golden_more_test.cpp runs.

Run with a Python that has NumPy 2:  python golden_more_numpy2.py > golden_more_numpy2.txt
A line: function, a word that says how (or -), the number of arrays, each as golden_numpy2.py writes one; "->", the number of results, each likewise.
NumPy has no lu: its line is the elimination with partial pivoting written out below, in float64.
"""
import sys
import warnings

import numpy as np

from golden_numpy2 import ARRAYS, text

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
nan, inf = np.nan, np.inf
ARRAYS = {**ARRAYS, "complex128": ARRAYS["complex128"] + [np.array([1 + 2j, complex(1, nan), -3j, complex(nan, 2), complex(nan, nan), 1 + 1j, complex(0, nan), 1 + 2j])],
          "int64": [np.array([5, -2**62, 2**62, 5, 0, -1, 5, -2**61]), rng.integers(-3, 3, size=(6, 3))],
          "uint64": [np.array([2**63, 1, 2**62, 2**63, 0], np.uint64)],
          "float64": ARRAYS["float64"] + [np.round(rng.normal(size=40), 1)]}
REAL = [t for t in ARRAYS if t != "complex128"]


def lu(a):
    """P, L and U with a = P L U."""
    n = len(a)
    u, p, l = a.astype(float).copy(), np.eye(n), np.eye(n)
    for k in range(n):
        row = k + int(np.argmax(np.abs(u[k:, k])))
        u[[k, row]] = u[[row, k]]
        p[:, [k, row]] = p[:, [row, k]]
        l[[k, row], :k] = l[[row, k], :k]
        for i in range(k + 1, n):
            l[i, k] = u[i, k] / u[k, k]
            u[i, k:] -= l[i, k] * u[k, k:]
            u[i, k] = 0
    return p, l, u


def line(name, how, arrays, results):
    words = [name, str(how), str(len(arrays))]
    for array in arrays:
        words += text(np.asarray(array))
    words += ["->", str(len(results))]
    for result in results:
        words += text(np.asarray(result))
    print(" ".join(words))


def main():
    for dtype, arrays in ARRAYS.items():
        for x in arrays:
            for axis in range(x.ndim):
                line("sort", axis, [x], [np.sort(x, axis=axis)])
                line("argsort", axis, [x], [np.argsort(x, axis=axis, kind="stable")])
            values, indices, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
            line("unique", "-", [x], [values, indices, inverse.reshape(x.shape), counts])
            line("nonzero", "-", [x], np.nonzero(x))
            # Left out of the quantiles: small integers, whose differences wrap in NumPy (the median of 100 and -100 in int8), infinities, of which NumPy makes NaN
            # although they are elements, and integers that float64 does not hold.
            if dtype in ("complex128", "bool", "uint64", "int8", "uint8") or x.size == 0 or np.isinf(x).any() or abs(np.nan_to_num(x.astype(float))).max() > 2**53:
                continue
            for axis in ["-"] + list(range(x.ndim)):
                keywords = {} if axis == "-" else {"axis": axis}
                line("median", axis, [x], [np.median(x, **keywords)])
                line("nanmedian", axis, [x], [np.nanmedian(x, **keywords)])
                line("percentile", axis, [x, np.array([0.0, 12.5, 50.0, 99.0])], [np.percentile(x, [0.0, 12.5, 50.0, 99.0], **keywords)])
                line("quantile", axis, [x, np.array([0.3])], [np.quantile(x, [0.3], **keywords)])
    a = np.sort(np.round(rng.normal(size=12), 1))
    for side in ("left", "right"):
        line("searchsorted", side, [np.append(a, nan), np.array([[-9, 0.3, nan], [a[4], 9, a[5]]])], [np.searchsorted(np.append(a, nan), np.array([[-9, 0.3, nan], [a[4], 9, a[5]]]), side)])
        line("searchsorted", side, [np.array([1, 2, 2, 5]), np.array([0, 2, 6, 5, 3])], [np.searchsorted([1, 2, 2, 5], [0, 2, 6, 5, 3], side)])
    x, y = np.arange(12.0).reshape(3, 4), -np.arange(12.0).reshape(3, 4)
    line("select", "7", [x < 3, x > 7, x, y], [np.select([x < 3, x > 7], [x, y], 7)])
    line("choose", "wrap", [np.array([0, -1, 2, 1, 5]), np.arange(5.0), np.arange(5.0) + 10], [np.choose([0, -1, 2, 1, 5], [np.arange(5.0), np.arange(5.0) + 10], mode="wrap")])
    line("choose", "clip", [np.array([0, -1, 2, 1, 5]), np.arange(5.0), np.arange(5.0) + 10], [np.choose([0, -1, 2, 1, 5], [np.arange(5.0), np.arange(5.0) + 10], mode="clip")])
    for indexing in ("xy", "ij"):
        line("meshgrid", indexing, [np.arange(3.0), np.array([5.0, 7.0])], np.meshgrid(np.arange(3.0), np.array([5.0, 7.0]), indexing=indexing))
    for n in (1, 2, 5, 8):
        m = np.round(rng.normal(size=(n, n)), 2)
        line("lu", "-", [m], lu(m))
        line("solve", "-", [m, np.arange(1.0, n + 1)], [np.linalg.solve(m, np.arange(1.0, n + 1))])
        line("cholesky", "-", [m @ m.T + np.eye(n)], [np.linalg.cholesky(m @ m.T + np.eye(n))])
    for rows, columns in ((6, 3), (9, 2), (4, 4)):
        m, b = np.round(rng.normal(size=(rows, columns)), 2), np.round(rng.normal(size=rows), 2)
        solution, left, rank, singular = np.linalg.lstsq(m, b, rcond=None)
        line("lstsq", "-", [m, b], [solution, left if rows > columns else np.zeros(1), np.int64(rank), singular])


if __name__ == "__main__":
    sys.exit(main())
