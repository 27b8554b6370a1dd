"""HDF5 files of whole programs: larger than memory, one chunk that 32-bit counts do not count, many ranks, collective layers in another order.

    hdf5.py PROGRAM [CASE…]
With ASHLAR_TEST_LONG: 12 GB in two workers of 512 MiB, and a chunk of 2 GiB + 8 bytes. Files go to TMPDIR.
"""

import os
import sys
import tempfile

import h5py
import numpy

from ranks import Run

LONG = os.environ.get("ASHLAR_TEST_LONG")
program = os.path.realpath(sys.argv[1])
only = sys.argv[2:]
folder = tempfile.TemporaryDirectory(prefix="ashlar-test-hdf5-")


def ends_well(case, job):
    good = job.exit_code == 0 and not job.errors.strip()
    if not good:
        print(f"{case}: ended with {job.exit_code}: {job.errors}", flush=True)
    return good


def larger():
    megabytes, budget = (12000, "512MiB") if LONG else (640, "64MiB")
    block = 8 if megabytes >= 2000 else 2
    path = os.path.join(folder.name, "larger.h5")
    words = [f"--ashlar-memory-limit={budget}", f"--ashlar-scratch={folder.name}", "--ashlar-threads=1"]
    empty = max(Run(program, ["empty", path, *words], 3).peaks.values()) / 1e6
    job = Run(program, ["larger", path, str(megabytes), *words], 3, timeout=3000 if LONG else 240)
    good = ends_well("larger", job)
    largest = max(job.peaks.values(), default=0) / 1e6
    allowed = empty + int(budget[:-3]) * 1.048576 * 1.125 + 8 * block + 12
    print(f"larger: {megabytes} MB written and read in 2 workers of {budget}: largest rank {largest:.0f} MB, empty {empty:.0f} MB, allowed {allowed:.0f} MB, "
          f"{job.samples} samples", flush=True)
    if job.samples < 10 or largest < empty:
        print("larger: nothing was measured")
        good = False
    if largest > allowed:
        print("larger: a rank held too much")
        good = False
    with h5py.File(path, "r") as file:
        x = file["x"]
        rows, columns = x.shape
        step = max(x.chunks[0], 1)
        for first in range(0, rows, step):
            part = x[first:first + step]
            if not (part.ravel() == numpy.arange(first * columns, (first + len(part)) * columns)).all():
                print(f"larger: h5py finds something else from row {first} on")
                good = False
                break
        if rows * columns != megabytes * 125000 or x.attrs["units"] != "1":
            print(f"larger: h5py finds shape {x.shape}, attributes {dict(x.attrs)}")
            good = False
    os.remove(path)
    return good


def one_chunk():
    elements = (2 ** 31 + 8) // 8 if LONG else 2 ** 17 + 1
    path = os.path.join(folder.name, "one.h5")
    job = Run(program, ["one_chunk", path, str(elements), f"--ashlar-scratch={folder.name}"], 3, timeout=1500 if LONG else 240)
    good = ends_well("one_chunk", job)
    with h5py.File(path, "r") as file:
        x = file["x"]
        whole = x.shape == (elements,) and all(
            (x[first:first + 2 ** 24] == numpy.arange(first, min(first + 2 ** 24, elements)) % 1021).all() for first in range(0, elements, 2 ** 24))
        print(f"one_chunk: {x.shape[0] * 8} bytes, chunks {x.chunks}, h5py agrees: {whole}", flush=True)
    os.remove(path)
    return good and whole


def together():
    path = os.path.join(folder.name, "together.h5")
    ranks = 31 if LONG else 12
    job = Run(program, ["together", path, "--ashlar-threads=1"], ranks, timeout=240)
    good = ends_well("together", job)
    workers = int(job.output or 0)
    with h5py.File(path, "r") as file:
        wanted = numpy.arange(workers * 100.0).reshape(workers * 2, 50)
        same = (file["x"][()] == wanted).all() and (file["packed"][()] == 2 * wanted).all() and (file["group/y"][()] == numpy.arange(35).reshape(5, 7) + 2).all()
    print(f"together: {ranks} ranks, {workers} workers, h5py agrees: {same}", flush=True)
    return good and bool(same) and workers == ranks - 1


def order():
    job = Run(program, ["order", folder.name], 3, timeout=240)
    good = ends_well("order", job)
    for number in (0, 1):
        with h5py.File(os.path.join(folder.name, f"{number}.h5"), "r") as file:
            good &= bool((file["x"][()] == 1 + number).all())
    print(f"order: two workers that meet in two layers in another order: {'good' if good else 'wrong'}", flush=True)
    return good


with folder:
    good = [case() for case in (larger, one_chunk, together, order) if not only or case.__name__ in only]
sys.exit(not all(good))
