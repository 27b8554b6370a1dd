"""The spectrum in the file is that of the field in the file, worked out by NumPy; and the slope is the one that went in."""
import sys
import tempfile
import xml.dom.minidom

from running import check, run

import h5py
import numpy

program = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    said = run(program, 3, folder, "--n", 192, "--chunk", 50, "--slope", -2.5, "--out", "s.h5", "--picture", "s.svg")
    check("the program finds the slope", "right" in said)
    with h5py.File(f"{folder}/s.h5", "r") as f:
        field, spectrum, compression = f["field"][()], f["spectrum"][()], f["field"].compression
    check("the field is compressed", compression == "gzip")
    k = numpy.fft.fftfreq(192) * 192
    k = numpy.sqrt(k[:, None] ** 2 + k[None, :] ** 2)
    power = abs(numpy.fft.fft2(field)) ** 2
    edges = numpy.arange(1, 97) - 0.5
    expected = numpy.histogram(k, edges, weights=power)[0] / numpy.histogram(k, edges)[0]
    check("the spectrum is NumPy's", numpy.allclose(spectrum, expected, rtol=1e-9))
    xml.dom.minidom.parse(f"{folder}/s.svg")
    once = run(program, 0, folder, "--n", 192, "--chunk", 64, "--slope", -2.5)
    check("the same field on other chunks and ranks", once.splitlines()[-1] == said.splitlines()[-1])
