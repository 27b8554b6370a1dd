"""The floor checker notices each kind of fault, and only faults, in a small tree made for it."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = "base 0\ngraph 2 base\nscheduler 4 base graph\nworker 4 base graph\nmpi 5 base\nruntime 6 base graph scheduler worker mpi\nhdf5 6 base mpi\n"


class CheckFloors(unittest.TestCase):
    def check(self, files, floors=FLOORS):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {"base/error.hpp": "#pragma once\n", **files}.items():
                path = root / "lib" / "ashlar" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            (root / "lib" / "floors.txt").write_text(floors)
            done = subprocess.run([sys.executable, ROOT / "scripts" / "check_floors.py", root], capture_output=True, text=True, timeout=50)
            return done.returncode, done.stdout

    def assert_fault(self, files, *words, **options):
        status, printed = self.check(files, **options)
        self.assertEqual(status, 1, printed)
        for word in words:
            self.assertIn(word, printed)
        self.assertIn(", 1 faults", printed)

    def assert_clean(self, files):
        status, printed = self.check(files)
        self.assertEqual((status, printed.count("\n")), (0, 1), printed)

    def test_an_include_of_a_lower_floor_is_fine(self):
        self.assert_clean({"graph/key.cpp": '#include <vector>\n#include "ashlar/graph/key.hpp"\n#include "ashlar/base/error.hpp"\n'})

    def test_an_include_of_a_higher_floor_is_a_fault(self):
        self.assert_fault({"graph/key.cpp": '\n#include "ashlar/scheduler/state.hpp"\n'}, "lib/ashlar/graph/key.cpp:2",
                          "graph (floor 2) may include base; scheduler stands on floor 4")

    def test_angle_brackets_hide_nothing(self):
        self.assert_fault({"graph/key.hpp": "#  include <ashlar/scheduler/state.hpp>\n"}, "key.hpp:1")

    def test_an_include_of_a_sibling_is_a_fault(self):
        self.assert_fault({"worker/state.cpp": '#include "ashlar/scheduler/state.hpp"\n'}, "worker/state.cpp:1")

    def test_a_lower_floor_that_is_not_named_is_a_fault(self):
        self.assert_fault({"hdf5/file.cpp": '#include "ashlar/graph/key.hpp"\n'}, "hdf5/file.cpp:1")

    def test_an_include_that_does_not_start_at_the_root_is_a_fault(self):
        self.assert_fault({"graph/key.cpp": '#include "../scheduler/state.hpp"\n'}, "from the root")
        self.assert_fault({"graph/key.cpp": '#include "key.hpp"\n', "graph/key.hpp": "#pragma once\n"}, "graph/key.cpp:1", "from the root")
        self.assert_fault({"graph/key.cpp": '#include "base/error.hpp"\n'}, "graph/key.cpp:1", "from the root")

    def test_quotes_around_a_header_of_others_are_fine(self):
        self.assert_clean({"graph/key.cpp": '#include "hwy/highway.h"\n'})

    def test_the_header_for_users_is_a_fault(self):
        self.assert_fault({"graph/key.cpp": '#include "ashlar/ashlar.hpp"\n'}, "for users")

    def test_a_folder_without_a_line_is_a_fault(self):
        self.assert_fault({"helpers/all.hpp": "#pragma once\n"}, "lib/ashlar/helpers", "no line in lib/floors.txt")

    def test_a_commented_include_is_no_include(self):
        self.assert_clean({"graph/key.cpp": '// #include "ashlar/scheduler/state.hpp"\n/*\n#include "ashlar/worker/state.hpp"\n*/\n'})

    def test_mpi_stays_behind_its_border(self):
        for name in ("mpi.h", "boost/mpi.hpp", "boost/mpi/packed_oarchive.hpp"):
            self.assert_fault({"runtime/executor.hpp": f"#include <{name}>\n"}, "MPI is included only by")
        self.assert_clean({"mpi/communicator.cpp": "#include <mpi.h>\n", "hdf5/file.cpp": "#include <mpi.h>\n",
                           "runtime/attach.hpp": "#include <mpi.h>\n", "runtime/spmd.hpp": "#include <mpi.h>\n"})

    def test_hdf5_stays_behind_its_border(self):
        self.assert_fault({"runtime/executor.hpp": "#include <hdf5.h>\n"}, "HDF5 is included only by")
        self.assert_fault({"mpi/file.hpp": "#include <H5Fpublic.h>\n"}, "HDF5 is included only by")
        self.assert_clean({"hdf5/file.cpp": "#include <hdf5.h>\n"})

    def test_a_state_machine_that_is_not_pure_is_a_fault(self):
        for line in ("auto now = std::chrono::steady_clock::now();", "seed = std::time(nullptr);", "clock_gettime(CLOCK_REALTIME, &t);",
                     "int x = rand();", "std::random_device device;", "#include <thread>", "#include <mutex>", "static int calls = 0;",
                     "  static std::vector<int> seen;", "thread_local int depth;", "inline static std::map<int, int> all{};"):
            self.assert_fault({"scheduler/state.cpp": line + "\n"}, "scheduler/state.cpp:1")

    def test_what_only_looks_impure_is_fine(self):
        self.assert_clean({"worker/state.cpp": "static int next(int x);\nstatic constexpr int limit = 3;\nstatic const char* name = 0;\n"
                           "static_assert(sizeof(int) == 4);\nauto t = event.time();\nint operand(int);\n// steady_clock::now()\n"
                           'throw Error("rand() is banned");\nstatic std::vector<int> order(const State& s) {\n  return s.time();\n}\n'})

    def test_other_floors_may_read_clocks(self):
        self.assert_clean({"base/clock.cpp": "#include <thread>\nstatic auto start = std::chrono::steady_clock::now();\n"})

    def test_floors_that_do_not_rise_are_a_fault(self):
        self.assert_fault({}, "not below 2", floors="base 0\ngraph 2 base\nprotocol 2 graph\n")
        self.assert_fault({}, "no line above", floors="base 0\ngraph 2 protocol\nprotocol 3\n")
        self.assert_fault({}, "already has a line", floors="base 0\nbase 1\n")


if __name__ == "__main__":
    unittest.main()
