"""Every pattern runs each of its tasks once, on the right inputs.    patterns_test.py BENCH RANKS

The graphs, the kernel and the hashes are worked out here a second time, by hand: the program's own check is one of the things checked.
"""
import struct
import sys

from running import check, run

MASK = (1 << 64) - 1


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def uniform(stream, index):
    z = ((index + 1) * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03) & MASK
    return (mix(z) >> 11) * 2.0**-53


def kernel(iterations):
    x = 1.2345
    for _ in range(iterations):
        x = x * 0.999999 + 1e-6
    eight = ((x + x) + (x + x)) + ((x + x) + (x + x))
    total = 0.0
    for _ in range(8):
        total += eight
    return total


def inputs(pattern, width, radix, step, column):
    """The columns of the step before that a task takes."""
    if step == 0:
        return []
    inside = lambda columns: [c for c in columns if 0 <= c < width]
    window = [column - radix // 2 + k for k in range(radix)]
    if pattern == "trivial":
        return []
    if pattern == "no_comm":
        return [column]
    if pattern == "stencil_1d":
        return inside([column - 1, column, column + 1])
    if pattern == "nearest":
        return inside(window)
    if pattern == "spread":
        n = min(radix, width)
        return [(column + step - 1 + k * width // n) % width for k in range(n)]
    if pattern == "fft":
        levels = (width - 1).bit_length()
        reach = 2 ** ((step - 1) % levels) if levels else 1
        return inside([column - reach, column, column + reach])
    if pattern == "tree":
        return [column // 2]
    if pattern == "all_to_all":
        return list(range(width))
    if pattern == "random_nearest":
        return [c for k, c in enumerate(window) if 0 <= c < width and (c == column or uniform(3, (step * width + column) * radix + k) < 0.5)]
    raise ValueError(pattern)


def expected(pattern, width, radix, steps, iterations):
    """Number of tasks, and the sum of the hashes that nobody uses."""
    bits = struct.unpack("<Q", struct.pack("<d", kernel(iterations)))[0]
    hashes, used = {}, set()
    for step in range(steps):
        for column in range(min(width, 2**step) if pattern == "tree" else width):
            h = mix(mix(step << 32 | column) ^ bits)
            for c in inputs(pattern, width, radix, step, column):
                used.add((step - 1, c))
                h = mix((h * 31 + hashes[step - 1, c]) & MASK)
            hashes[step, column] = h
    return len(hashes), sum(h for task, h in hashes.items() if task not in used) & MASK


bench, ranks = sys.argv[1], int(sys.argv[2])
PATTERNS = ["trivial", "no_comm", "stencil_1d", "nearest", "spread", "fft", "tree", "all_to_all", "random_nearest"]
for width, steps, iterations, radix, more in ((7, 19, 5, 5, []), (1, 4, 0, 3, []), (16, 12, 33, 4, ["--output-bytes", 40000]), (6, 15, 2, 5, ["--submit"])):
    names = ["pattern_" + p for p in PATTERNS] + ["pattern_4_stencil_1d"]
    lines, _ = run([bench, "--repeats", 1, "--width", width, "--steps", steps, "--iterations", iterations, "--radix", radix, *more, *names], ranks)
    check([line["workload"] for line in lines] == names, f"wanted {names}", *lines)
    for line in lines:
        graphs, pattern = (4, "stencil_1d") if line["workload"] == "pattern_4_stencil_1d" else (1, line["workload"][8:])
        tasks, total = expected(pattern, width, radix, steps, iterations)
        want = {"tasks": graphs * tasks, "hash": str(graphs * total & MASK)}
        check(line["result"] == want, f"{line['workload']}, width {width}, {steps} steps, {more}: wanted {want}, found {line['result']}")
print(f"{len(PATTERNS)} patterns ran as they should")
