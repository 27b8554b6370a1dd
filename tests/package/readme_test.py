"""What README.md shows compiles, runs, and prints what README.md says.

    readme_test.py WORK_FOLDER
In the environment: PKG_CONFIG_PATH (of an installed Ashlar), CXX, MPIEXEC, ASHLAR_MPIEXEC_FLAGS.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
WORK = Path(sys.argv[1]).resolve()

# Enough of the file that the tutorial reads: a quoted comma, an Unknown, one country more frequent than the others.
VOLCANOES = """volcano_name,country,last_eruption_year,elevation
Etna,Italy,2020,3357
"Ojos del Salado, Nevado",Chile-Argentina,750,6879
Fuji,Japan,1707,3776
Aso,Japan,2020,1592
Uturuncu,Bolivia,Unknown,6008
Llullaillaco,Chile-Argentina,1877,6739
Hakone,Japan,1170,1438
"""


def compile_program(name, source):
    path = WORK / f"{name}.cpp"
    path.write_text(source)
    flags = shlex.split(subprocess.run(["pkg-config", "--cflags", "--libs", "ashlar"], check=True, capture_output=True, text=True).stdout)
    command = [os.environ.get("CXX", "g++"), "-std=c++20", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror", "-O1"]
    subprocess.run([*command, str(path), "-o", str(WORK / name), *flags], check=True, timeout=200)
    return str(WORK / name)


def printed_by(program, ranks):
    launcher = [] if ranks == 0 else [os.environ["MPIEXEC"], "-n", str(ranks), *shlex.split(os.environ["ASHLAR_MPIEXEC_FLAGS"])]
    done = subprocess.run([*launcher, program], cwd=WORK, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"{program} on {ranks} ranks ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(wanted, found, what):
    if wanted not in found:
        sys.exit(f"{what}: expected {wanted!r} in\n{found}")


def first_program():
    program = compile_program("program", re.search(r"```cpp\n(.*?)```", README, re.S).group(1))
    for ranks, shown in ((0, r"\$ \./program[^\n]*\n(.*?)\n\$"), (1, r"\$ mpirun -n 1 [^\n]*\n(.*?)\n\$"), (3, r"\$ mpirun -n 3 [^\n]*\n(.*?)\n```")):
        wanted = re.search(shown, README, re.S).group(1)
        found = printed_by(program, ranks).strip()
        if found != wanted:
            sys.exit(f"on {ranks} ranks the README says\n{wanted}\nbut the program prints\n{found}")


def tutorial():
    section = README.split("## Dask's tutorial")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (?:`.*?` )?\| `(.*)` \|$", section, re.M)
    if len(lines) < 30:
        sys.exit(f"the README's table has only {len(lines)} lines of C++")
    body = "\n".join(lines)
    # 6.4 GB are for the tour; the same shape of chunks at a hundredth of the length is for a test.
    for large, small in (("200'000", "2'000"), ("4'000", "400"), ("1'000", "100")):
        body = re.sub(rf"(?<![\d']){large}(?![\d'])", small.replace("'", "_"), body)
    body = body.replace("2_000", "2'000")
    (WORK / "volcano.csv").write_text(VOLCANOES)
    source = ("#include <ashlar/ashlar.hpp>\n#include <iostream>\n#include <numeric>\n#include <vector>\nnamespace al = ashlar;\nusing al::_;\n"
              f"int main(int argc, char** argv) {{\n{body}\n}}\n")
    program = compile_program("tutorial", source)
    for ranks in (0, 2):
        found = printed_by(program, ranks)
        for wanted in ("\n7\n", "\n750\n", "Japan", "\n1\n", "\n800000\n", "\n3\n", "\n65280\n"):
            expect(wanted, "\n" + found, f"the tutorial on {ranks} ranks")


WORK.mkdir(parents=True, exist_ok=True)
first_program()
tutorial()
