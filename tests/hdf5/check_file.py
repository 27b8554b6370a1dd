"""Reads datasets with h5py and h5dump and compares them with what a test says it wrote.

check_file.py H5DUMP FILE '[{"name": "/x", "dtype": "float64", "shape": [3, 4], "chunks": [2, 2], "attributes": {"units": "K"}}]'
Element i in C order is (7 i + 3) mod 101; complex: v + (v + 1) i; bool: v odd (scratch.hpp).
"""
import json
import os
import subprocess
import sys

import h5py
import numpy

h5dump, path, datasets = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
faults = []


def check(what, found, expected):
    if found != expected:
        faults.append(f"{what}: wanted {expected!r}, found {found!r}")


def elements(dtype, shape):
    v = (numpy.arange(numpy.prod(shape, dtype=numpy.int64)) * 7 + 3) % 101
    kind = numpy.dtype(dtype)
    v = v % 2 == 1 if kind == bool else v + 1j * (v + 1) if kind.kind == "c" else v
    return v.astype(kind).reshape(shape)


def dumped_bytes(name):
    raw = path + ".raw"
    subprocess.run([h5dump, "-d", name, "-b", "FILE", "-o", raw, path], check=True, stdout=subprocess.DEVNULL)
    with open(raw, "rb") as file:
        found = file.read()
    os.remove(raw)
    return found


with h5py.File(path, "r") as file:
    for wanted in datasets:
        name = wanted["name"]
        data = file[name]
        expected = elements(wanted["dtype"], wanted["shape"])
        check(f"{name}: dtype", str(data.dtype), wanted["dtype"])
        check(f"{name}: shape", list(data.shape), wanted["shape"])
        check(f"{name}: chunks", data.chunks and list(data.chunks), wanted["chunks"])
        check(f"{name}: attributes", {k: v.tolist() if hasattr(v, "tolist") else v for k, v in data.attrs.items()}, wanted["attributes"])
        if not numpy.array_equal(data[()], expected):
            bad = numpy.argwhere(numpy.asarray(data[()] != expected))
            faults.append(f"{name}: {len(bad)} elements differ, the first at {bad[:1].tolist()}")
        if os.path.exists(h5dump) and expected.size:
            found = dumped_bytes(name)
            if found != expected.tobytes():
                faults.append(f"{name}: the bytes of h5dump differ ({len(found)} of {expected.nbytes})")

for fault in faults:
    print(f"{path}: {fault}")
sys.exit(bool(faults))
