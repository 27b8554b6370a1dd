#!/usr/bin/env python3
"""Checks that every folder of lib/ashlar includes only what lies below it.

    check_floors.py [ROOT]        ROOT is the checkout; default: the one this script lies in

Two lists are checked:
  1. lib/floors.txt: which folder may include which.
  2. RESTRICTED and PURE below: mpi.h and hdf5.h stay behind their border, and the state machines read no clock, draw no
     random numbers, start no thread and keep no state outside their objects.
Prints one line per fault, `file:line: the line: the rule`, and ends with 1 if there is one.
"""

import re
import sys
from pathlib import Path

# (pattern of an include, what it is called, folders that may have it, single files that may have it)
RESTRICTED = [
    (re.compile(r"mpi\.h|mpi-ext\.h|boost/mpi(/.*|\.hpp)"), "MPI", {"mpi", "hdf5"},
     {"runtime/attach.hpp", "runtime/attach.cpp", "runtime/spmd.hpp", "runtime/spmd.cpp"}),
    (re.compile(r"hdf5(_hl)?\.h|H5[A-Za-z]*\.h"), "HDF5", {"hdf5"}, set()),
]

# Folders whose behaviour is a function of the events given to them, and what they therefore never contain.
PURE_FOLDERS = {"scheduler", "worker", "coordination", "simulation"}
PURE_INCLUDES = re.compile(r"thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|pthread\.h|sys/time\.h|time\.h|ctime")
PURE_WORDS = [
    (re.compile(r"\b(steady|system|high_resolution|utc|file)_clock\b"), "reads a clock: time is a field of the event"),
    (re.compile(r"\b(clock_gettime|gettimeofday|timespec_get|MPI_Wtime|__rdtsc|_rdtsc)\s*\("), "reads a clock: time is a field of the event"),
    (re.compile(r"(?<![\w.>])(std::|::)?(time|clock)\s*\(\s*(nullptr|NULL|0|&\w+)?\s*\)"), "reads a clock: time is a field of the event"),
    (re.compile(r"\brandom_device\b|\bgetrandom\b|/dev/u?random"), "draws from a random device: the seed is an argument"),
    (re.compile(r"(?<![\w.>])(std::|::)?s?rand(om)?(_r)?\s*\(|\b[delmn]rand48\s*\("), "draws from a hidden generator: the seed is an argument"),
    (re.compile(r"\bstd::(jthread|thread|async)\b|\bpthread_create\b"), "starts a thread: the loop around the machine has them"),
    (re.compile(r"\bthread_local\b"), "keeps state outside its objects"),
]
STATIC = re.compile(r"^\s*(?:inline\s+)?static\s+(?!constexpr\b|const\b|_?assert\b|inline\s+constexpr\b|inline\s+const\b|consteval\b)(?P<rest>[^()]*?)(?P<end>[;={(])")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Floor:
    def __init__(self, number, may):
        self.number = number
        self.may = may


def read_floors(path):
    """folder -> Floor; and the faults of the file itself."""
    floors, faults = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        where = f"lib/floors.txt:{number}: {line.strip()}"
        if len(words) < 2 or not re.fullmatch(r"\d+(\.\d+)?", words[1]):
            faults.append(f"{where}: a line is: folder, floor number, folders it may include")
            continue
        if words[0] in floors:
            faults.append(f"{where}: {words[0]} already has a line")
            continue
        floors[words[0]] = Floor(float(words[1]), set(words[2:]))
        for used in words[2:]:
            if used not in floors:
                faults.append(f"{where}: {used} has no line above this one")
            elif floors[used].number >= float(words[1]):
                faults.append(f"{where}: {used} stands on floor {floors[used].number:g}, which is not below {words[1]}")
    return floors, faults


def without_comments_and_strings(text):
    """The same lines, comments and the insides of string and character literals blanked; #include lines keep theirs."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)

    def blank(match):
        found = match.group(0)
        line_start = text.rfind("\n", 0, match.start()) + 1
        if found.startswith('"') and re.match(r"\s*#\s*include", text[line_start:match.start()]):
            return found
        return "\n" * found.count("\n") if found.startswith("/") else '""' + "\n" * found.count("\n")

    return pattern.sub(blank, text)


def check_include(folder, relative, name, ours_by_path, floors):
    """The rule that this include breaks, or None."""
    for pattern, library, folders, files in RESTRICTED:
        if pattern.fullmatch(name) and folder not in folders and relative not in files:
            allowed = " ".join(sorted(folders) + sorted(f for f in files if f.endswith(".hpp")))
            return f"{library} is included only by: {allowed}"
    if folder in PURE_FOLDERS and PURE_INCLUDES.fullmatch(name):
        return f"{folder} is a state machine: no thread, no lock, no clock"
    if not name.startswith("ashlar/"):
        if ours_by_path:
            return 'includes of our own headers are written from the root: "ashlar/FLOOR/NAME.hpp"'
        return None
    parts = name.split("/")
    if len(parts) < 3:
        return f"{name} is for users; a floor includes the headers it needs"
    target = parts[1]
    if target == folder:
        return None
    if target not in floors:
        return f"{target} has no line in lib/floors.txt"
    if target in floors[folder].may:
        return None
    return (f"{folder} (floor {floors[folder].number:g}) may include {' '.join(sorted(floors[folder].may)) or 'nothing'}; "
            f"{target} stands on floor {floors[target].number:g}")


def check_purity(line):
    for pattern, rule in PURE_WORDS:
        if pattern.search(line):
            return rule
    found = STATIC.match(line)
    # `static T name(...)` declares a function; what ends in = { or ; is an object.
    if found and found.group("end") != "(":
        return "keeps state outside its objects (a static that is not const)"
    return None


def check_file(root, path, folder, floors):
    relative = path.relative_to(root / "lib" / "ashlar").as_posix()
    original = path.read_text(errors="replace").splitlines()
    for number, line in enumerate(without_comments_and_strings("\n".join(original)).splitlines(), 1):
        include = INCLUDE.match(line)
        rule = None
        if include:
            name = include.group(2)
            # "shape.hpp" and "../base/error.hpp" reach our own files past the rule; "hwy/highway.h" is someone else's.
            ours_by_path = name.startswith(".") or any((p / name).exists() for p in (path.parent, root / "lib" / "ashlar"))
            rule = check_include(folder, relative, name, ours_by_path and include.group(1) == '"', floors)
        elif folder in PURE_FOLDERS:
            rule = check_purity(line)
        if rule:
            yield f"lib/ashlar/{relative}:{number}: {original[number - 1].strip()}: {rule}"


def check(root):
    floors, faults = read_floors(root / "lib" / "floors.txt")
    files = 0
    for folder in sorted(p for p in (root / "lib" / "ashlar").iterdir() if p.is_dir()):
        sources = sorted(p for p in folder.rglob("*") if p.suffix in {".hpp", ".cpp", ".h", ".inc"})
        if sources and folder.name not in floors:
            faults.append(f"lib/ashlar/{folder.name}: this folder has no line in lib/floors.txt")
            continue
        for path in sources:
            files += 1
            faults.extend(check_file(root, path, folder.name, floors))
    return files, faults


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    files, faults = check(root)
    for fault in faults:
        print(fault)
    print(f"{files} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
