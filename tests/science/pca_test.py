"""The components of a table are those of NumPy's SVD, and hidden directions are found."""
import os
import sys
import tempfile

from running import check, run

import h5py
import numpy

program = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    run(program, 3, folder, "--rows", 25000, "--columns", 12)
    check("the table that was made is removed", os.listdir(folder) == [])
    random = numpy.random.default_rng(4)
    table = random.standard_normal((23000, 8)) @ numpy.diag([9.0, 5, 3, 2, 1, 0.5, 0.2, 0.1]) @ numpy.linalg.qr(random.standard_normal((8, 8)))[0] + 3
    with h5py.File(f"{folder}/t.h5", "w") as f:
        f.create_dataset("g/table", data=table, chunks=(1000, 8), compression="gzip")
    run(program, 0, folder, "t.h5", "--dataset", "g/table", "--components", 4, "--out", "c.h5")
    centred = table - table.mean(axis=0)
    _, s, v = numpy.linalg.svd(centred, full_matrices=False)
    with h5py.File(f"{folder}/c.h5", "r") as f:
        components, variance, coordinates = f["components"][()], f["variance"][()], f["coordinates"][()]
    check("variances are NumPy's", numpy.allclose(variance, (s**2 / 22999)[:4], rtol=1e-9))
    check("components are NumPy's, but for their signs", numpy.allclose(abs((components * v[:4]).sum(axis=1)), 1, rtol=1e-9))
    check("coordinates are the rows along the components", numpy.allclose(coordinates, centred @ components.T, atol=1e-8))
    said = run(program, 2, folder, "t.h5", "--dataset", "g/tabel", status=1)
    check("the nearest name is given", "/g/table" in said)
