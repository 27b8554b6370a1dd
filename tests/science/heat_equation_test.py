"""The plate against the same steps in NumPy; a run that was stopped and started again, on another number of ranks, ends with the same bits."""
import os
import sys
import tempfile

from running import check, run

import h5py
import numpy


def plate(n, steps):
    along = (numpy.arange(float(n)) + 0.5) / n
    y, x = along[:, None], along[None, :]
    u = numpy.where((y - 0.3) ** 2 + (x - 0.35) ** 2 < 0.15 * 0.15, 100.0, numpy.where((y - 0.65) ** 2 + (x - 0.7) ** 2 < 0.2 * 0.2, 60.0, 0.0))
    for _ in range(steps):
        p = numpy.pad(u, 1)
        u = u + 0.2 * (p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4 * u)
    return u


def state(file):
    with h5py.File(file, "r") as f:
        return f["u"][()], int(f["u"].attrs["step"])


program = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    size = ("--n", 90, "--chunk", 40)
    run(program, 3, folder, *size, "--steps", 37, "--every", 10, "--out", "whole.h5", "--picture", "end.pgm")
    whole, step = state(f"{folder}/whole.h5")
    check("the last step is 37", step == 37)
    check("the steps are NumPy's", numpy.allclose(whole, plate(90, 37), rtol=1e-12, atol=1e-12))
    with open(f"{folder}/end.pgm", "rb") as picture:
        check("the picture has 90 x 90 points", len(picture.read()) == len(b"P5\n90 90\n255\n") + 90 * 90)

    run(program, 0, folder, *size, "--steps", 14, "--every", 10, "--out", "parts.h5")
    check("14 steps are done", state(f"{folder}/parts.h5")[1] == 14)
    said = run(program, 4, folder, *size, "--steps", 37, "--every", 10, "--out", "parts.h5")
    check("it goes on from step 14", "goes on from step 14" in said)
    parts, step = state(f"{folder}/parts.h5")
    check("the same bits as without a stop", step == 37 and parts.tobytes() == whole.tobytes())
    said = run(program, 2, folder, "--n", 80, "--steps", 40, "--out", "parts.h5", status=1)
    check("another size is refused", "(90, 90)" in said)
    check("nothing else is left", sorted(os.listdir(folder)) == ["end.pgm", "parts.h5", "whole.h5"])
