"""What Python, NumPy and Dask say, for the tests of this folder.

slices           length start stop step : the indices that range(length)[start:stop:step] keeps
slice_text SEED  shape | text | shape and elements of arange(...).reshape(shape)[text]
casts SEED       from to, then real and imaginary part of 40 elements before and of the 40 after, only where NumPy defines the result
chunks SEED      shape | itemsize | spelling | dask.array.core.normalize_chunks
print SEED       binary: "dtype ndim lengths nbytes nbytes_of_text\\n", the elements, str(array)
"""
import itertools
import random
import sys


def slices():
    bounds = [None] + list(range(-7, 8)) + [-2**63, 2**63 - 1]
    steps = [None, 1, 2, 3, 9, -1, -2, -3, -9, -2**63, 2**63 - 1]
    for length, start, stop, step in itertools.product(range(6), bounds, bounds, steps):
        kept = range(length)[start:stop:step]
        print(length, *("_" if b is None else b for b in (start, stop, step)), ":", *kept)


def slice_text(seed):
    import numpy as np
    rng = random.Random(seed)

    def bound(n):
        return "" if rng.random() < 0.4 else str(rng.randint(-n - 2, n + 2))

    for _ in range(2000):
        shape = [rng.randint(0, 5) for _ in range(rng.randint(0, 4))]
        entries = []
        for n in shape[: rng.randint(0, len(shape))]:
            if n and rng.random() < 0.3:
                entries.append(str(rng.randint(-n, n - 1)))
            else:
                entries.append(bound(n) + ":" + bound(n) + (":" + rng.choice(["", "1", "2", "-1", "-2"]) if rng.random() < 0.6 else ""))
        if rng.random() < 0.4:
            entries.insert(rng.randint(0, len(entries)), "...")
        for _ in range(rng.choice([0, 0, 0, 1, 2])):
            entries.insert(rng.randint(0, len(entries)), rng.choice(["None", "newaxis"]))
        if not entries:
            continue
        text = (" , " if rng.random() < 0.3 else ",").join(entries)
        whole = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
        try:
            part = eval("whole[" + text + "]", {"whole": whole, "newaxis": None})
            print(*shape, "|", text, "|", *np.shape(part), "|", *np.ravel(part))
        except IndexError:
            print(*shape, "|", text, "| IndexError |")


def casts(seed):
    import warnings
    import numpy as np
    warnings.simplefilter("ignore")  # of the dropped imaginary part
    rng = np.random.default_rng(seed)
    names = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split()
    for a, b in itertools.product(names, names):
        values = rng.integers(0, 100, 40) if a.startswith("u") else rng.integers(-100, 100, 40)
        if a[0] in "fc":
            # Fractions, and no negative numbers where the result is unsigned: NumPy leaves those open.
            values = values + rng.choice([0, 0.25, 0.75], 40)
            if b[0] in "u":
                values = abs(values)
        if a[0] == "c":
            values = values + 1j * rng.integers(-3, 3, 40)
        x = values.astype(a)
        y = x.astype(b)

        def parts(v):
            return " ".join(f"{complex(e).real!r} {complex(e).imag!r}" for e in v)
        print(a, b, parts(x), parts(y))


def chunks(seed):
    import numpy as np
    from dask.array.core import normalize_chunks
    rng = random.Random(seed)
    for _ in range(1500):
        shape = tuple(rng.choice([1, 5, 7, 100, 1000, 4000, 20000, 200000]) for _ in range(rng.randint(1, 4)))
        itemsize = rng.choice([1, 2, 4, 8, 16])
        dtype = {1: "i1", 2: "i2", 4: "f4", 8: "f8", 16: "c16"}[itemsize]
        limit = rng.choice(["auto", "1 MiB", "64 KiB", "100 MB"])

        def entry(n):
            return rng.choice([limit, limit, -1, rng.randint(max(1, n // 50), n), [n // 3, n - n // 3] if n > 3 else [n]])

        spelling = [entry(n) for n in shape]
        if len(shape) > 1 and rng.random() < 0.2:
            spelling = [limit]  # one text for all axes
        got = normalize_chunks(spelling[0] if len(spelling) != len(shape) else tuple(tuple(e) if isinstance(e, list) else e for e in spelling),
                               shape=shape, dtype=np.dtype(dtype))
        if sum(len(c) for c in got) > 300:
            continue
        written = ";".join(",".join(map(str, e)) + "," if isinstance(e, list) else str(e) for e in spelling)
        print(*shape, "|", itemsize, "|", written, "|", ";".join(" ".join(map(str, c)) for c in got))


def random_values(rng, dtype, shape):
    import numpy as np
    n = int(np.prod(shape))
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.integers(0, 2, n).astype(bool)
    if kind in "iu":
        info = np.iinfo(dtype)
        width = int(rng.integers(1, info.bits))
        return rng.integers(max(info.min, -2**width), min(info.max, 2**width), n, dtype=np.int64 if kind == "i" else np.uint64, endpoint=True).astype(dtype)
    if kind == "c":
        part = "f4" if dtype == "complex64" else "f8"
        out = np.empty(n, dtype)
        out.real, out.imag = random_values(rng, part, shape), random_values(rng, part, shape)
        return out
    style = int(rng.integers(0, 9))
    if style == 0:
        x = rng.normal(size=n)
    elif style == 1:
        x = rng.integers(-1000, 1000, n).astype(float)
    elif style == 2:
        x = rng.integers(-10000, 10000, n) / 8.0
    elif style == 3:
        x = rng.normal(size=n) * 10.0 ** rng.integers(-12, 12, n)
    elif style == 4:
        x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 8)
    elif style == 5:
        x = rng.integers(0, 100, n) / 100.0
    elif style == 6:
        x = (2.0 ** rng.integers(-30, 30, n)) * rng.choice([1, 3, 5], n)
    elif style == 7:
        x = rng.normal(size=n) * 10.0 ** rng.integers(-37 if dtype in ("f4", "float32") else -307, 37 if dtype in ("f4", "float32") else 307, n)
    else:
        x = np.ones(n) * rng.normal()
    if n and rng.random() < 0.25:
        x[rng.integers(0, n, max(1, n // 5))] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0])
    with np.errstate(all="ignore"):
        return x.astype(dtype)


def print_arrays(seed):
    import numpy as np
    rng = np.random.default_rng(seed)
    names = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 float64 complex64 complex128".split()
    out = sys.stdout.buffer
    for i in range(3000):
        dtype = names[int(rng.integers(len(names)))]
        ndim = int(rng.integers(0, 5))
        top = [1, 60, 12, 6, 4][ndim]
        shape = [int(rng.integers(0 if rng.random() < 0.1 else 1, top + 1)) for _ in range(ndim)]
        if i % 20 == 0:  # more than the threshold: shortened
            shape = [[1500], [4, 400], [100, 20], [7, 7, 30], [1200, 1], [2, 3, 8, 40]][int(rng.integers(6))]
        a = np.asarray(random_values(rng, dtype, shape)).reshape(shape)
        text = str(a).encode()
        out.write(" ".join(map(str, [a.dtype.name, len(shape), *shape, a.nbytes, len(text)])).encode() + b"\n" + a.tobytes() + text)


if __name__ == "__main__":
    mode, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    {"slices": lambda s: slices(), "slice_text": slice_text, "casts": casts, "chunks": chunks, "print": print_arrays}[mode](seed)
