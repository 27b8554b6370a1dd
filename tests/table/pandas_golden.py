#!/usr/bin/python3
"""Writes pandas_golden.txt: CSV texts, and how pandas prints them. Run again with another pandas to see what changed.

Integer and bool columns with missing values are printed from pandas' nullable types, since that is what ours are.
"""
import io
import os
import random

os.environ["COLUMNS"] = "80"
import pandas as pd

random.seed(20230611)


def frame(csv, dates=()):
    df = pd.read_csv(io.StringIO(csv), parse_dates=list(dates))
    for c in df.columns:
        present = df[c].dropna()
        if len(present) == len(df):
            continue
        texts = [line.split(",")[list(df.columns).index(c)] for line in csv.strip("\n").split("\n")[1:]]
        texts = [t for t in texts if t not in ("", "NA")]
        if texts and all(t.lstrip("-").isdigit() for t in texts):
            df[c] = df[c].astype("Int64")
        elif texts and all(t in ("True", "False") for t in texts):
            df[c] = df[c].astype("boolean")
    return df


cases = []


def case(csv, dates=()):
    cases.append((csv, list(dates), repr(frame(csv, dates))))


def table(rows, *columns):
    names = [n for n, _ in columns]
    out = [",".join(names)]
    for i in range(rows):
        out.append(",".join(str(f(i)) for _, f in columns))
    return "\n".join(out) + "\n"


case("x\n1\n2\n")
case("x,y\n1.5,a\n,bb\n10000000000,\n")
case("x\n0.0000000001\n2.0\n3.5\n")
case("x\n1.123456789\n1000000.5\n")
case("x\n0.1\n0.25\n100\n")
case("x\n1e6\n1e7\n")
case("x\n100000.5\ninf\n-inf\n")
case("x\nNA\nNA\n")
case("x\n-0.0\n1e15\n")
case("x\n0.0001234\n123.456\n")
case("x\n0.0000001\n123.456\n")
case("x\n999999.999999\n1000000.25\n")
case("x\n12345678.9\n0.5\n")
case("x\n123456789.125\n1.0\n")
case("b,c\nTrue,1\nFalse,2\n")
case("b,c\nTrue,1\nNA,\n")
case("x,y\n")
case("long_header_name,s\n1,x\n2,\n")
case("s\n" + "x" * 49 + "\n" + "y" * 50 + "\n" + "z" * 51 + "\n")
case("s\nÄrger\n日本\né\n")
case("when,n\n2020-01-01,1\n2020-02-03,2\n", ["when"])
case("when,n\n2020-01-01,1\n2020-02-03 01:02:03,2\n,3\n", ["when"])
case("when,n\n2020-01-01 00:00:00.5,1\n2020-02-03 01:02:03.25,2\n", ["when"])
case("when,n\n2020-01-01 00:00:00.000001,1\n1969-02-03 01:02:03.25,2\n", ["when"])
for n in (59, 60, 61, 100, 1001):
    case(table(n, ("a", lambda i: i)))
    case(table(n, ("aa", lambda i: i * 1.5), ("name", lambda i: f"n{i % 7}")))
for k in (7, 8, 9, 10, 12, 15, 20, 25, 30, 79, 80, 81, 82, 83, 120):
    case(table(3, *[(f"c{j}", lambda i: i) for j in range(k)]))
    case(table(61, *[(f"col{j}", lambda i: i * 0.5) for j in range(k)])) if k < 20 else None
for width in range(60, 84):
    case(table(2, ("a" * (width // 2), lambda i: i), ("b" * (width - width // 2 - 6), lambda i: i)))
case(table(3, *[("abc" * 20 + str(j), lambda i: i * 1.5) for j in range(4)]))
case(table(3, *[("abc" * 20 + str(j), lambda i: f"t{i}") for j in range(2)]))
for _ in range(80):
    rows = random.choice([1, 2, 5, 12, 61])
    columns = []
    for j in range(random.randint(1, 14)):
        kind = random.choice("ifsbm")
        digits = random.randint(0, 9)
        scale = 10.0 ** random.randint(-7, 9)
        name = random.choice(["x", "value", "a_rather_long_name", "n"]) + str(j)
        gap = random.choice([0, 0, 0.2])
        cell = {
            "i": lambda i: random.randint(-1000, 1000) * 10 ** random.randint(0, 4),
            "f": lambda i, d=digits, s=scale: round(random.gauss(0, 1) * s, d),
            "s": lambda i: "".join(random.choice("abcde fg") for _ in range(random.randint(1, 12))) + "z",
            "b": lambda i: random.random() < 0.5,
            "m": lambda i: random.randint(0, 9) / 4,
        }[kind]
        columns.append((name, lambda i, c=cell, g=gap: "NA" if i and random.random() < g else c(i)))
    case(table(rows, *columns))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pandas_golden.txt")
with open(path, "w") as out:
    for csv, dates, text in cases:
        out.write("=== csv " + " ".join(dates) + "\n" + csv + "=== printed\n" + text + "\n")
    out.write("=== end\n")
print(len(cases), "cases by pandas", pd.__version__)
