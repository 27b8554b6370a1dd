// Goes wrong in the way its first argument says; the second names a folder with files. errors_test.py watches how it ends.
#include <ashlar/ashlar.hpp>
#include <functional>
#include <stdexcept>

namespace al = ashlar;

namespace {

// What makes two builds of this source differ.
constexpr int build = PROGRAM_BUILD;

void write(const std::string& file, al::index_t rows) {
  al::arange<double>(rows * 1000).reshape({rows, 1000}).rechunk({100, 1000}).to_hdf5(file, "/x", {.attributes = {{"rows", rows}}});
}

int add_reference(const std::string&) {
  int base = 20;
  return al::delayed([&base](int x) { return base + x; })(1).compute();
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client&) {
    const std::string what = argv[1], folder = argc > 2 ? argv[2] : ".";
    const std::map<std::string, std::function<void()>> cases = {
        {"nothing", [] {}},
        {"missing_csv", [&] { al::read_csv(folder + "/nowhere.csv").compute(); }},
        {"not_csv", [&] { al::read_csv(folder + "/picture.csv").compute(); }},
        {"ragged_row", [&] { al::read_csv(folder + "/ragged.csv").compute(); }},
        {"missing_hdf5", [&] { al::from_hdf5<double>(folder + "/nowhere.h5", "/x").sum().compute(); }},
        {"not_hdf5", [&] { al::from_hdf5<double>(folder + "/text.h5", "/x").sum().compute(); }},
        {"missing_dataset", [&] { al::from_hdf5<double>(folder + "/x.h5", "/temperatures").sum().compute(); }},
        {"wrong_type", [&] { al::from_hdf5<std::int32_t>(folder + "/x.h5", "/x").sum().compute(); }},
        {"shapes_do_not_broadcast", [] { (al::ones({3, 4}) + al::ones({3, 5})).compute(); }},
        {"chunks_do_not_add_up", [] { al::ones({100}, {.chunks = {50, 40}}).compute(); }},
        {"task_throws", [] { al::delayed([](int x) -> int { throw std::runtime_error("the oven is cold at " + std::to_string(x)); })(451).compute(); }},
        {"captures_by_reference", [&] { add_reference(what); }},
        {"different_builds", [] { al::delayed([] { return build; })().compute(); }},
        {"write_small", [&] { write(folder + "/x.h5", 100); }},
        {"disk_full", [&] { write(folder + "/x.h5", 10'000); }},
    };
    cases.at(what)();
  });
}
