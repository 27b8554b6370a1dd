#!/usr/bin/env python3
"""Checks every lib/ashlar/*/PARITY.md against the headers and the tests, and prints how many names there are.

    parity.py [ROOT]        ROOT is the checkout; default: the one this script lies in

A PARITY.md holds tables with a row for each of Dask's names, C: core, E: extended, X: left out on purpose:

    | name | C | floor/header.hpp | floor/some_test.cpp |        there; the last part of the name is looked for
    | name | C | floor/header.hpp spelled | floor/some_test.cpp |        there, and called otherwise in C++
    | name | C | floor/header.hpp | floor/some_test.cpp * |        its test goes over a table and does not write the name
    | name | E | why it waits |

A name that is there: its header exists, is installed and declares it, within the class that the name says where it says one (see CLASSES); its test
exists and calls it. A name that waits says why, and no name stands twice. One line per fault; ends with 1 if there is one.
"""

import re
import sys
from collections import Counter
from pathlib import Path

# The class that has, here, what Dask has under this name.
CLASSES = {"Series.str": "StringMethods", "Series.dt": "DateMethods", "Series.cat": "CategoryMethods", "SeriesGroupBy": "GroupBy", "GroupBy": "GroupBy", "DataFrame": "DataFrame",
           "Series": "Series"}
# What cannot be looked for by its last word.
SPELLED = {"Array": "class Array", "Array[int and slice]": "operator()", "Array[boolean Array]": "operator()", "Array[list of ints on one axis]": "operator()",
           "Array[...] = value": "set", "operators (+ - * / // % ** @ & \\| ^ ~ << >> comparisons)": "ASHLAR_OPERATOR", "bool": "bool_"}
NOT_IN_TESTS = {"Array", "Array[int and slice]", "Array[boolean Array]", "Array[list of ints on one axis]"}


def rows(text):
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| name ", "| --- ", "| | ")):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def mentions(text, word):
    return word in text if not re.fullmatch(r"\w+", word) else re.search(rf"\b{re.escape(word)}\b", text)


def body_of(text, name):
    """What stands between the braces of `class name { … };`, or nothing."""
    found = re.search(rf"^class {name}\b[^;{{]*\{{", text, re.M)
    if not found:
        return ""
    depth, at = 1, found.end()
    while depth and at < len(text):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[found.end() : at]


def declares(text, name, word, spelled):
    text = re.sub(r"//[^\n]*", "", text)
    owner = CLASSES.get(name.rpartition(".")[0])
    # A function that makes one, such as from_table for DataFrame.from_dict, stands outside of the class.
    if not owner or (spelled and mentions(text, word)):
        return mentions(text, word)
    return re.search(rf"\b{re.escape(word)}\s*\(", body_of(text, owner))


def check(root, parity):
    faults, there, waits, seen = [], Counter(), Counter(), set()
    for row in rows(parity.read_text()):
        name, grade = row[0], row[1]
        if name in seen:
            faults.append(f"{name}: stands twice")
        seen.add(name)
        if grade not in ("C", "E", "X"):
            faults.append(f"{name}: no such grade: {grade}")
        if len(row) == 3:
            waits[grade] += 1
            if not row[2]:
                faults.append(f"{name}: waits without a reason")
            continue
        there[grade] += 1
        header, _, spelled = row[2].partition(" ")
        word = spelled or SPELLED.get(name, name.split(".")[-1])
        file = root / "lib/ashlar" / header
        if not file.is_file() or file.name.endswith(("_detail.hpp", "-inl.hpp")):
            faults.append(f"{name}: no such installed header: {header}")
        elif not declares(file.read_text(), name, word, spelled):
            faults.append(f"{name}: {header} does not declare {word}")
        test, _, table = row[3].partition(" ")
        file = root / "tests" / test
        if not file.is_file():
            faults.append(f"{name}: no such test: tests/{test}")
        elif table != "*" and name not in NOT_IN_TESTS and not mentions(file.read_text(), word):
            faults.append(f"{name}: tests/{test} does not speak of {word}")
    if not seen:
        faults.append("no rows")
    return faults, there, waits


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    wrong = False
    for parity in sorted(root.glob("lib/ashlar/*/PARITY.md")):
        floor = parity.parent.name
        faults, there, waits = check(root, parity)
        wrong |= bool(faults)
        for fault in faults:
            print(f"{floor}: {fault}")
        for grade, words in (("C", "core"), ("E", "extended")):
            print(f"{floor}: {words}: {there[grade]} of {there[grade] + waits[grade]} names")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
