"""Runs a program on ranks, and reads what it left behind with other people's readers."""

import os
import shlex
import struct
import subprocess
import sys
import zlib
from xml.etree import ElementTree


def run(program, *arguments, ranks, timeout=150):
    """What the program prints on this many ranks; 0: without mpirun."""
    launcher = [] if ranks == 0 else [os.environ["MPIEXEC"], "-n", str(ranks), *shlex.split(os.environ["ASHLAR_MPIEXEC_FLAGS"])]
    done = subprocess.run([*launcher, program, *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        sys.exit(f"{program} on {ranks} ranks ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def expect(holds, what, printed=""):
    if not holds:
        sys.exit(f"failed: {what}\n{printed}")


def lines_of(printed):
    return [line.strip() for line in printed.splitlines()]


def check_svg(path):
    root = ElementTree.parse(path).getroot()
    expect(root.tag.endswith("svg") and len(list(root.iter())) > 5, f"{path} is an SVG with something in it")


def check_png(path):
    """Every chunk with its checksum, and as many bytes of pixels as the header says."""
    data = path.read_bytes()
    expect(data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} begins as a PNG")
    at, kinds, pixels = 8, [], b""
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        expect(checksum == zlib.crc32(kind + body), f"{path}: checksum of {kind}")
        kinds.append(kind)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            pixels += body
        at += 12 + length
    expect(kinds[0] == b"IHDR" and kinds[-1] == b"IEND", f"{path} is complete")
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = 1 + (width * samples * depth + 7) // 8
    expect(len(zlib.decompress(pixels)) == row * height, f"{path}: {width} x {height} pixels")
