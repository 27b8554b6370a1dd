// One file made of several: each group of workers writes its own, and h5py reads them as one.
#include <ashlar/ashlar.hpp>

#include <filesystem>
#include <fstream>

#include "harness/job_main.hpp"
#include "test_files.hpp"

namespace al = ashlar;
using test_files::contains, test_files::Folder, test_files::h5py, test_files::message_of;

namespace {

std::size_t workers() { return static_cast<std::size_t>(al::Evaluator::current().workers()); }

std::vector<std::string> files(const std::string& set, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("x." + set + ".node" + std::to_string(i) + ".h5");
  names.push_back("x.h5");
  std::sort(names.begin(), names.end());
  return names;
}

al::Array<double> ramp(al::index_t rows, al::index_t columns, al::ChunkSpec chunks) {
  return al::arange<double>(static_cast<double>(rows * columns)).reshape({rows, columns}).rechunk(chunks);
}

TEST(Hdf5Parts, each_group_of_workers_has_a_file_and_virtual_datasets_make_them_one) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const std::string same = "d = f[\"g/x\"]\nw = numpy.arange(2300.0).reshape(23, 100)\nprint(d.is_virtual, (d[()] == w).all(), d.attrs[\"units\"])";
  for (const int per_file : {1, 2, al::per_node}) {
    const std::size_t count = per_file == al::per_node ? 1 : (workers() + static_cast<std::size_t>(per_file) - 1) / static_cast<std::size_t>(per_file);
    const std::string set = per_file == 2 ? "b" : "a";  // each version beside the one before
    const auto x = ramp(23, 100, {3, 50});
    x.to_hdf5(file, "g/x", {.attributes = {{"units", "K"}}, .workers_per_file = per_file});
    EXPECT_EQ(h5py(file, same), "True True K");
    EXPECT_EQ(folder.names(), files(set, count));
    EXPECT_TRUE(al::all(al::from_hdf5<double>(file, "/g/x", {.chunks = {4, 30}}) == x).compute());
    EXPECT_EQ(al::from_hdf5<double>(file, "/g/x")(al::range(20, 2, -5), al::range(1, 99, 7)).sum().compute(), x(al::range(20, 2, -5), al::range(1, 99, 7)).sum().compute());
  }
  // Each part is a file of its own, with a slab of the elements.
  ramp(24, 10, {1, 10}).to_hdf5(file, "/x", {.workers_per_file = 1});
  std::string rows;
  for (std::size_t i = 0; i < workers(); ++i)
    rows += h5py(folder / ("x.b.node" + std::to_string(i) + ".h5"), "print(\" \".join(str(int(v)) for v in f[\"x\"][:, 0]))") + (i + 1 < workers() ? " " : "");
  std::string wanted;
  for (int i = 0; i < 24; ++i) wanted += (i ? " " : "") + std::to_string(10 * i);
  EXPECT_EQ(rows, wanted);
  // An ordinary file in its place: no parts stay.
  ramp(4, 4, {2, 2}).to_hdf5(file, "/x");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.h5"});
  EXPECT_EQ(h5py(file, "print(f[\"x\"].is_virtual, f[\"x\"][()].sum())"), "False 120.0");
}

TEST(Hdf5Parts, compressed_parts_have_a_writer_each) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  // Chunks that reach over slabs' ends, fewer chunks than workers, an axis that is not the first, several datasets, no elements.
  const auto a = ramp(23, 100, {9, 100}), b = ramp(2, 5, {1, 5}), c = ramp(4, 90, {4, 13});
  const auto target = [&](const std::string& name, const std::string& compression) {
    al::Hdf5Target to{file, name};
    to.options = {.compression = compression, .shuffle = !compression.empty(), .workers_per_file = 1};
    return to;
  };
  al::store({a, b, c, al::zeros<double>({0, 3})}, {target("/a", "gzip"), target("/b", "gzip"), target("/g/c", ""), target("/none", "")});
  EXPECT_EQ(h5py(file, "print((f[\"a\"][()] == numpy.arange(2300.0).reshape(23, 100)).all(), (f[\"b\"][()] == numpy.arange(10.0).reshape(2, 5)).all(), "
                       "(f[\"g/c\"][()] == numpy.arange(360.0).reshape(4, 90)).all(), f[\"none\"].shape)"),
            "True True True (0, 3)");
  EXPECT_TRUE(al::all(al::from_hdf5<double>(file, "/a") == a).compute());
  EXPECT_TRUE(al::all(al::from_hdf5<double>(file, "/g/c") == c).compute());
  EXPECT_TRUE(contains(h5py(folder / "x.a.node0.h5", "print(f[\"b\"].compression if f[\"b\"].size else \"gzip\", f[\"a\"].compression if f[\"a\"].size else \"gzip\")"), "gzip gzip"));
  EXPECT_EQ(folder.names().size(), workers() + 1);
}

TEST(Hdf5Parts, dimensions_stand_on_the_whole) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::Hdf5Target x{file, "/x"}, t{file, "/time"};
  x.options = {.dims = {"time", "y"}, .workers_per_file = 1};
  t.options = {.workers_per_file = 1};
  al::store({ramp(8, 3, {2, 3}), al::arange<double>(0, 8, {.chunks = 2})}, {x, t});
  EXPECT_EQ(h5py(file, "d = f[\"x\"].dims\nprint(d[0].label, d[0][0].name, d[0][0][()].sum(), d[1].label)"), "time /time 28.0 y");
}

TEST(Hdf5Parts, a_new_version_may_be_made_of_the_old_one_and_an_error_leaves_it) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const al::ToHdf5Options options{.workers_per_file = 1};
  ramp(6, 5, {1, 5}).to_hdf5(file, "/x", options);
  for (int round = 1; round <= 3; ++round) {
    (al::from_hdf5<double>(file, "/x", {.chunks = {2, 5}}) + 1).to_hdf5(file, "/x", options);
    EXPECT_EQ(h5py(file, "print(f[\"x\"][()].sum())"), std::to_string(435 + 30 * round) + ".0");
  }
  const auto before = folder.names();
  const auto bad = ramp(6, 5, {1, 5}).map_blocks([](al::NDArray<double> block, const al::BlockInfo& info) {
    if (info.chunk_location()[0] == 4) throw std::runtime_error("the fifth row");
    return block;
  });
  EXPECT_TRUE(contains(message_of<al::TaskError>([&] { bad.to_hdf5(file, "/x", options); }), "the fifth row"));
  EXPECT_EQ(folder.names(), before);
  EXPECT_EQ(h5py(file, "print(f[\"x\"][()].sum())"), "525.0");
  // What a write that died has left: parts that no file names. Somebody's own file of such a name stays.
  const std::string set = before.front().substr(0, 3) == "x.a" ? "x.b" : "x.a";
  for (const auto& entry : {folder / (set + ".node77.h5"), folder / (set + ".node78.h5")}) std::filesystem::copy_file(folder / before.front(), entry);
  std::ofstream(folder / (set + ".node79.h5")) << "mine";
  (al::from_hdf5<double>(file, "/x") + 1).to_hdf5(file, "/x", options);
  const auto after = folder.names();
  EXPECT_EQ(after.size(), before.size() + 1);
  EXPECT_TRUE(std::find(after.begin(), after.end(), set + ".node79.h5") != after.end());
}

TEST(Hdf5Parts, say_what_is_wrong) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = ramp(6, 5, {1, 5});
  x.to_hdf5(file, "/x", {.workers_per_file = 1});
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.workers_per_file = -3}); }), "-3"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.mode = "a", .workers_per_file = 1}); }), "mode"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.maxshape = {10, 5}, .workers_per_file = 1}); }), "maxshape"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.sum({.axis = {0, 1}}).to_hdf5(file, "/x", {.workers_per_file = 1}); }), "no axis"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { al::store({x, x}, {al::Hdf5Target{file, "/x", al::ellipsis, {.workers_per_file = 1}}, al::Hdf5Target{file, "/y"}}); }), "1 and 0"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::store(x, al::Hdf5Target{file, "/x", {al::all, al::all}}); }), "virtual"));
  // Without a part the elements would be zeros.
  std::filesystem::rename(folder / "x.a.node0.h5", folder / "elsewhere.h5");
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::from_hdf5<double>(file, "/x"); }), "x.a.node0.h5"));
}

}  // namespace

ASHLAR_JOB_MAIN()
