#!/usr/bin/python3
"""Writes resample_golden.txt: rows, and what pandas' resample makes of them. Run again with another pandas to see what changed.

Times are ns since 1970, what is missing is empty. Whole numbers with missing values are pandas' nullable ones, since that is what ours are.
"""
import os
import random

import pandas as pd

random.seed(20251126)
DAY = 86400 * 10**9
FUNCTIONS = ["sum", "mean", "count", "min", "max", "first", "last", "std", "nunique", "size"]
# The rule, and for how long times are spread.
RULES = [("D", 12 * DAY), ("h", DAY), ("2h", 2 * DAY), ("min", DAY // 48), ("15min", DAY // 4), ("s", 40 * 10**9), ("7h", 3 * DAY), ("2D", 15 * DAY), ("45min", DAY // 3),
         ("W", 60 * DAY), ("W-WED", 60 * DAY), ("ME", 400 * DAY), ("ms", 30 * 10**6), ("90s", DAY // 50)]
STARTS = ["2021-12-30 22:10:03.5", "1969-12-28", "2024-02-29 23:59:59.999999999", "1970-01-01", "1900-02-27 13:00", "2023-01-01 00:00"]


def text(value):
    if pd.isna(value):
        return ""
    return repr(float(value)) if isinstance(value, float) else str(int(value))


path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resample_golden.txt")
cases = 0
with open(path, "w") as out:
    for rule, spread in RULES:
        for size in (1, 6, 25):
            start = pd.Timestamp(random.choice(STARTS)).as_unit("ns").value
            # Whole units among them: what lies on a border belongs to one side.
            step = random.choice([1, 10**9, 3600 * 10**9]) if spread > DAY else 1
            times = [(start + random.randrange(spread)) // step * step for _ in range(size)]
            x = [None if random.random() < 0.2 else random.choice([random.gauss(0, 100), float(random.randrange(-3, 4))]) for _ in times]
            n = [None if random.random() < 0.2 else random.randrange(-9, 10) for _ in times]
            frame = pd.DataFrame({"x": pd.array(x, "Float64"), "n": pd.array(n, "Int64")}, index=pd.DatetimeIndex(pd.to_datetime(times, unit="ns"), name="when"))
            # As set_index: by time, equal ones in their order.
            frame = frame.sort_index(kind="stable")
            out.write(f"=== {rule}\n")
            for when, a, b in zip(times, x, n):
                out.write(f"{when},{'' if a is None else repr(a)},{'' if b is None else b}\n")
            for function in FUNCTIONS:
                result = getattr(frame.resample(rule), function)()
                out.write(f"--- {function}\n")
                for when, row in zip(result.index.as_unit("ns").asi8, result.values.tolist() if function == "size" else result.itertuples(index=False)):
                    out.write(",".join([str(when)] + ([str(row)] if function == "size" else [text(v) for v in row])) + "\n")
            cases += 1
    out.write("===\n")
print(cases, "cases by pandas", pd.__version__)
