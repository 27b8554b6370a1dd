"""The numbers of the volcano report, worked out a second time by plain loops over the rows that Python's csv module reads.

    volcano_report_test.py PROGRAM FOLDER small|real_data
ASHLAR_REAL_DATA names the folder of the real files; without it that test is skipped.
"""

import csv
import math
import os
import random
import shutil
import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tour"))
from running import check_svg, expect, run  # noqa: E402

program, folder, which = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)


def make_up(to):
    """Countries with commas and letters beyond ASCII, years before our era, missing years and sizes, volcanoes nobody has heard of."""
    draw = random.Random(7)
    countries = ["Chile", "Åland", 'Korea, "North"', "Japan"]
    with open(to / "volcano.csv", "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow(["volcano_number", "volcano_name", "last_eruption_year", "country", "elevation"])
        for number in range(100, 130):
            out.writerow([number, f"V{number}", draw.choice(["Unknown", draw.randrange(-9000, 2020)]), draw.choice(countries), draw.randrange(-500, 6000)])
    with open(to / "eruptions.csv", "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow(["volcano_number", "eruption_category", "vei", "start_year"])
        for _ in range(400):
            out.writerow([draw.randrange(95, 135), draw.choice(["Confirmed Eruption", "Uncertain Eruption", "Discredited Eruption"]),
                          draw.choice(["NA", *range(8)]), draw.choice(["NA", draw.randrange(-300, 2020), draw.randrange(1500, 2020)])])
    return to


if which == "small":
    data = make_up(folder)
else:
    data = Path(os.environ.get("ASHLAR_REAL_DATA", "/nowhere"))
    if not (data / "volcano.csv").exists() or not (data / "eruptions.csv").exists():
        print("skipped: ASHLAR_REAL_DATA does not name a folder with volcano.csv and eruptions.csv")
        sys.exit(77)


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


country_of = {row["volcano_number"]: row["country"] for row in rows_of(data / "volcano.csv")}
by_country, by_century, by_both = defaultdict(list), defaultdict(list), defaultdict(int)
for row in rows_of(data / "eruptions.csv"):
    if row["eruption_category"] == "Discredited Eruption" or row["volcano_number"] not in country_of or row["start_year"] == "NA":
        continue
    year, country = int(row["start_year"]), country_of[row["volcano_number"]]
    vei = None if row["vei"] == "NA" else int(row["vei"])
    century = year // 100 * 100
    by_country[country].append((year, vei, row["volcano_number"]))
    by_century[century].append(vei)
    by_both[country, century] += 1


def number(text):
    return None if text == "" else float(text)


def close(found, wanted):
    return found == wanted if found is None or wanted is None else math.isclose(found, wanted, rel_tol=1e-12)


for ranks, npartitions in ((0, 4), (1, 1), (3, 7)):
    output = folder / f"out{ranks}"
    run(program, "--volcanoes", data / "volcano.csv", "--eruptions", data / "eruptions.csv", "--output", output, "--npartitions", npartitions, ranks=ranks)
    found = rows_of(output / "by_country.csv")
    wanted = sorted(by_country, key=lambda c: (-len(by_country[c]), c.encode()))
    expect([row["country"] for row in found] == wanted, f"{ranks} ranks: countries in their order", found)
    for row in found:
        years, sizes, volcanoes = zip(*by_country[row["country"]])
        sizes = [s for s in sizes if s is not None]
        expect(
            int(row["eruptions"]) == len(years) and int(row["first_year"]) == min(years) and int(row["last_year"]) == max(years)
            and int(row["volcanoes"]) == len(set(volcanoes))
            and close(number(row["vei_mean"]), statistics.fmean(sizes) if sizes else None)
            and close(number(row["vei_median"]), statistics.median(sizes) if sizes else None),
            f"{ranks} ranks: the numbers of {row['country']}", row)
    found = {int(row["century"]): (int(row["eruptions"]), number(row["vei_max"])) for row in rows_of(output / "by_century.csv")}
    expect(list(found) == sorted(by_century), f"{ranks} ranks: centuries in their order", found)
    for century, sizes in by_century.items():
        expect(found[century] == (len(sizes), max((s for s in sizes if s is not None), default=None)), f"{ranks} ranks: century {century}", found[century])
    found = {(row["country"], int(row["century"])): int(row["eruptions"]) for row in rows_of(output / "by_country_and_century.csv")}
    expect(found == dict(by_both), f"{ranks} ranks: countries and centuries", found)
    check_svg(output / "by_century.svg")
    check_svg(output / "by_country.svg")
shutil.rmtree(folder)
