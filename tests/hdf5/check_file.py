"""Reads one dataset with h5py and compares it with what a test says it wrote.

check_file.py FILE DATASET '{"dtype": "float64", "shape": [3, 4], "chunks": [2, 2], "attributes": {"units": "K"}}'
Element i in C order is (7 i + 3) mod 101; complex: v + (v + 1) i; bool: v odd (scratch.hpp). Without "filled": true,
the elements are compared; with "raw": FILE those bytes (h5dump's binary output) are compared too.
"""
import json
import sys

import h5py
import numpy

path, name, wanted = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
faults = []


def check(what, found, expected):
    if found != expected:
        faults.append(f"{what}: wanted {expected!r}, found {found!r}")


with h5py.File(path, "r") as file:
    data = file[name]
    check("dtype", str(data.dtype), wanted["dtype"])
    check("shape", list(data.shape), wanted["shape"])
    check("chunks", data.chunks and list(data.chunks), wanted["chunks"])
    attributes = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in data.attrs.items()}
    check("attributes", attributes, wanted["attributes"])
    count = int(numpy.prod(wanted["shape"], dtype=numpy.int64))
    v = (numpy.arange(count, dtype=numpy.int64) * 7 + 3) % 101
    kind = numpy.dtype(wanted["dtype"])
    expected = v % 2 == 1 if kind == bool else v + 1j * (v + 1) if kind.kind == "c" else v
    expected = expected.astype(kind).reshape(wanted["shape"])
    if not numpy.array_equal(data[()], expected):
        bad = numpy.argwhere(numpy.asarray(data[()] != expected))
        faults.append(f"elements: {len(bad)} differ, the first at {bad[:1].tolist()}")
    if "raw" in wanted:
        raw = open(wanted["raw"], "rb").read()
        if raw != expected.tobytes():
            faults.append(f"h5dump: its bytes differ ({len(raw)} of {expected.nbytes})")

for fault in faults:
    print(f"{path}{name}: {fault}")
sys.exit(bool(faults))
