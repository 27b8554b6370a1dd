"""The tour's dataframe on the volcanoes of the Smithsonian Institution (958 of them), on all numbers of ranks.

    real_data_test.py TOUR FOLDER
ASHLAR_REAL_DATA names a folder with volcano.csv; without it the test is skipped.
"""

import os
import shutil
import sys
from pathlib import Path

from running import expect, lines_of, run

data = os.environ.get("ASHLAR_REAL_DATA")
if not data or not (Path(data) / "volcano.csv").exists():
    print("skipped: ASHLAR_REAL_DATA does not name a folder with volcano.csv")
    sys.exit(77)

tour, folder = sys.argv[1], Path(sys.argv[2])
for ranks in (0, 1, 2, 3, 4, 7):
    printed = run(tour, "--steps", "dataframe", "--csv", Path(data) / "volcano.csv", "--output", folder, ranks=ranks)
    lines = lines_of(printed)
    for wanted in ("-10450", "958", "most frequent: United States 99, Indonesia 95, Japan 92, Russia 79, Chile 43"):
        expect(lines.count(wanted) == 1, f"on {ranks} ranks the tour prints {wanted}", printed)
shutil.rmtree(folder)
