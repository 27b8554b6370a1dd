// Arrays through HDF5 files, as a user writes and reads them, on a running job. What was written is read back by h5py too.
#include <ashlar/ashlar.hpp>

#include <complex>
#include <cstdio>

#include "harness/job_main.hpp"
#include "test_files.hpp"

namespace al = ashlar;
using test_files::contains, test_files::Folder, test_files::h5py, test_files::message_of;

namespace {

TEST(Hdf5, what_is_written_is_what_h5py_and_from_hdf5_read) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = al::arange<double>(0, 35).reshape({5, 7});

  x.rechunk({2, 3}).to_hdf5(file, "/group/x", {.attributes = {{"units", "K"}, {"scale", 1.5}, {"n", 3}, {"range", {0, 100}}}});

  EXPECT_EQ(h5py(file, "d = f[\"/group/x\"]\nprint(d.shape, d.dtype, d.chunks, (d[()] == numpy.arange(35.0).reshape(5, 7)).all())"), "(5, 7) float64 (2, 3) True");
  EXPECT_EQ(h5py(file, "a = f[\"/group/x\"].attrs\nprint(a[\"units\"], a[\"scale\"], a[\"n\"], list(a[\"range\"]), len(a))"), "K 1.5 3 [0.0, 100.0] 4");
  for (const auto& back : {al::from_hdf5<double>(file, "/group/x"), al::from_hdf5<double>(file, "group/x", {.chunks = {5, 2}})})
    EXPECT_TRUE(al::all(back == x).compute());
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.h5"});
}

TEST(Hdf5, keeps_every_element_type) {
  const Folder folder;
  const auto i = al::arange<double>(0, 60).reshape({6, 10}).rechunk({4, 4});
  const auto round_trip = [&]<class T>(const al::Array<T>& x, const std::string& name, const std::string& numpy, const std::string& sum) {
    const std::string file = folder / name;
    x.to_hdf5(file, "/x");
    EXPECT_EQ(h5py(file, "d = f[\"x\"]\nprint(d.dtype, d[()].sum())"), numpy + " " + sum);
    EXPECT_TRUE(al::all(al::from_hdf5<T>(file, "/x") == x).compute()) << name;
  };
  round_trip(i.astype<float>(), "float32", "float32", "1770.0");
  round_trip(i.astype<std::int32_t>(), "int32", "int32", "1770");
  round_trip(i.astype<std::int64_t>(), "int64", "int64", "1770");
  round_trip(i.astype<std::uint8_t>(), "uint8", "uint8", "1770");
  round_trip(i > 50, "bool", "bool", "9");
  round_trip(i.astype<std::complex<double>>(), "complex128", "complex128", "(1770+0j)");
}

TEST(Hdf5, stores_uneven_chunks_and_chosen_storage_chunks) {
  const Folder folder;
  const auto x = al::arange<std::int64_t>(0, 1000).reshape({50, 20});
  const std::string check = "print(f[\"x\"].chunks, (f[\"x\"][()] == numpy.arange(1000).reshape(50, 20)).all())";

  x.rechunk({{10, 3, 37}, {1, 19}}).to_hdf5(folder / "uneven.h5", "/x");
  EXPECT_EQ(h5py(folder / "uneven.h5", check), "None True");
  x.rechunk({{10, 3, 37}, {1, 19}}).to_hdf5(folder / "chosen.h5", "/x", {.storage_chunks = {8, 20}});
  EXPECT_EQ(h5py(folder / "chosen.h5", check), "(8, 20) True");
  x.rechunk({1, 20}).to_hdf5(folder / "rows.h5", "/x");
  EXPECT_EQ(h5py(folder / "rows.h5", check), "(1, 20) True");
}

TEST(Hdf5, an_array_without_elements_and_one_without_axes_are_datasets_too) {
  const Folder folder;
  al::zeros<float>({0, 4}).to_hdf5(folder / "empty.h5", "/x");
  al::full({}, 2.5).to_hdf5(folder / "point.h5", "/x");

  EXPECT_EQ(h5py(folder / "empty.h5", "print(f[\"x\"].shape, f[\"x\"].dtype)"), "(0, 4) float32");
  EXPECT_EQ(al::from_hdf5<float>(folder / "empty.h5", "/x").compute().shape(), al::Shape({0, 4}));
  EXPECT_EQ(h5py(folder / "point.h5", "print(f[\"x\"].shape, f[\"x\"][()])"), "() 2.5");
  EXPECT_EQ(al::from_hdf5<double>(folder / "point.h5", "/x").compute().item(), 2.5);
}

TEST(Hdf5, several_arrays_go_into_one_file_and_into_several_in_one_run) {
  const Folder folder;
  const auto x = al::arange<double>(0, 100, {.chunks = 30});
  al::store({x, x * 2, x.astype<std::int32_t>()},
            {al::Hdf5Target{folder / "a.h5", "/x"}, al::Hdf5Target{folder / "a.h5", "/deep/er/y"}, al::Hdf5Target{folder / "b.h5", "/z"}});

  EXPECT_EQ(h5py(folder / "a.h5", "print(f[\"x\"][()].sum(), f[\"deep/er/y\"][()].sum())"), "4950.0 9900.0");
  EXPECT_EQ(h5py(folder / "b.h5", "print(f[\"z\"].dtype, f[\"z\"][()].sum())"), "int32 4950");
}

TEST(Hdf5, a_region_changes_nothing_but_itself) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::zeros<double>({20, 30}, {.chunks = {7, 30}}).to_hdf5(file, "/x", {.attributes = {{"units", "m"}}});

  al::store(al::full({5, 10}, 2.0).rechunk({2, 10}), al::Hdf5Target{file, "/x", {al::range(5, 10), al::range(20, 30)}});
  al::store(al::ones<double>({30}, {.chunks = 11}), al::Hdf5Target{file, "/x", {0, al::all}});

  EXPECT_EQ(h5py(file, "d = f[\"x\"][()]\nprint(d.sum(), d[5:10, 20:].sum(), d[0].sum(), dict(f[\"x\"].attrs))"), "130.0 100.0 30.0 {'units': 'm'}");
  EXPECT_EQ(al::from_hdf5<double>(file, "/x").sum().compute(), 130);
}

TEST(Hdf5, mode_a_adds_a_dataset_and_keeps_the_others) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::arange<double>(0, 10, {.chunks = 3}).to_hdf5(file, "/x");
  al::arange<double>(0, 20, {.chunks = 3}).to_hdf5(file, "/group/y", {.mode = "a"});

  EXPECT_EQ(h5py(file, "print(f[\"x\"][()].sum(), f[\"group/y\"][()].sum(), len(f[\"group/y\"].attrs))"), "45.0 190.0 0");
  al::ones<double>({4}).to_hdf5(folder / "new.h5", "/x", {.mode = "a"});
  EXPECT_EQ(h5py(folder / "new.h5", "print(f[\"x\"][()].sum())"), "4.0");
}

TEST(Hdf5, a_rewrite_is_seen_by_all_workers_at_once) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  for (int version = 1; version <= 6; ++version) {
    (al::zeros<double>({64, 8}, {.chunks = {4, 8}}) + version).to_hdf5(file, "/x");
    const auto back = al::from_hdf5<double>(file, "/x", {.chunks = {4, 8}});
    EXPECT_EQ(back.min().compute(), version);
    EXPECT_EQ(back.max().compute(), version);
  }
}

TEST(Hdf5, a_file_may_be_rewritten_from_its_own_old_elements) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::arange<double>(0, 1000, {.chunks = 50}).to_hdf5(file, "/x");
  for (int again = 0; again < 3; ++again) {
    const auto old = al::from_hdf5<double>(file, "/x", {.chunks = 130});
    // Reversed: every chunk of the new file needs one that would have been overwritten.
    old(al::range(al::_, al::_, -1)).to_hdf5(file, "/x");
  }
  EXPECT_EQ(h5py(file, "print((f[\"x\"][()] == numpy.arange(1000.0)[::-1]).all())"), "True");
}

TEST(Hdf5, what_is_written_in_place_is_not_read_by_the_same_graph) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::arange<double>(0, 1000, {.chunks = 50}).to_hdf5(file, "/x");
  al::ones<double>({1000}, {.chunks = 50}).to_hdf5(file, "/y", {.mode = "a"});
  const auto old = al::from_hdf5<double>(file, "x", {.chunks = 50});
  const auto reversed = old(al::range(al::_, al::_, -1));
  const al::Hdf5Target whole{file, "/x", {al::range(0, 1000)}};

  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { al::store(reversed, whole); }), "which is written in place"));
  EXPECT_EQ(h5py(file, "d = f[\"x\"]\nprint((d[()] == numpy.arange(1000.0)).all(), len(d.attrs))"), "True 0");

  // Another dataset of the file may be read, and so may elements that are here already.
  al::store(al::from_hdf5<double>(file, "/y", {.chunks = 100}) * 2 + al::arange<double>(0, 1000, {.chunks = 100}), whole);
  EXPECT_EQ(h5py(file, "print((f[\"x\"][()] == numpy.arange(1000.0) + 2).all())"), "True");
  const auto kept = reversed.persist();
  al::store(kept, whole);
  EXPECT_EQ(h5py(file, "print((f[\"x\"][()] == numpy.arange(1000.0)[::-1] + 2).all())"), "True");
}

TEST(Hdf5, a_slice_reads_its_own_elements_and_no_others) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = al::arange<double>(0, 60'000, {.chunks = 10'000}).reshape({200, 300}).rechunk({50, 100});
  x.to_hdf5(file, "/x");
  const auto back = al::from_hdf5<double>(file, "/x", {.chunks = {50, 100}});
  const auto part = [](const al::Array<double>& a) { return (a(al::range(190, 10, -20), al::range(95, 105)) + 1) * 2; };
  EXPECT_TRUE(al::all(part(back) == part(x)).compute());
  EXPECT_TRUE(al::all(back(al::range(7, al::_, 64), 250) == x(al::range(7, al::_, 64), 250)).compute());
  EXPECT_TRUE(al::all(back({3, 199, 0}, al::range(al::_, al::_, 150)) == x({3, 199, 0}, al::range(al::_, al::_, 150))).compute());
  std::ostringstream plan;
  part(back).explain(plan);
  // Nine rows of ten numbers, in the four rows and two columns of chunks that hold them.
  const std::string text = plan.str(), optimised = text.substr(text.find("optimised"));
  EXPECT_TRUE(contains(optimised, "8 x  720 B")) << text;
}

TEST(Hdf5, errors_leave_the_old_file_and_no_other) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::ones<double>({100}, {.chunks = 10}).to_hdf5(file, "/x");
  const auto bad = al::ones<double>({100}, {.chunks = 10}).map_blocks([](al::NDArray<double> block, const al::BlockInfo& info) {
    if (info.chunk_location()[0] == 7) throw std::runtime_error("block seven");
    return block;
  });

  EXPECT_EQ(message_of<al::TaskError>([&] { bad.to_hdf5(file, "/x"); }).find("nothing was thrown"), std::string::npos);
  EXPECT_EQ(h5py(file, "print(f[\"x\"][()].sum())"), "100.0");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.h5"});
  // The next write is not disturbed.
  al::zeros<double>({5}).to_hdf5(file, "/x");
  EXPECT_EQ(al::from_hdf5<double>(file, "/x").sum().compute(), 0);
}

TEST(Hdf5, errors_name_their_cause) {
  const Folder folder;
  const std::string file = folder / "x.h5", text = folder / "x.txt";
  const auto x = al::ones<double>({4, 4});
  x.to_hdf5(file, "/group/x");
  if (std::FILE* out = std::fopen(text.c_str(), "w")) std::fputs("no HDF5 at all", out), std::fclose(out);

  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::from_hdf5<double>(folder / "missing.h5", "/x"); }), "missing.h5"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::from_hdf5<double>(text, "/x"); }), "not an HDF5 file"));
  EXPECT_TRUE(contains(message_of<al::KeyError>([&] { al::from_hdf5<double>(file, "/grop/x"); }), "/group/x"));
  EXPECT_TRUE(contains(message_of<al::TypeError>([&] { al::from_hdf5<std::int32_t>(file, "/group/x"); }), "float64"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::info_hdf5(text); }), "not an HDF5 file"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { x.to_hdf5(folder / "no/such/folder.h5", "/x"); }), "no/such"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.mode = "r"}); }), "\"r\""));
  EXPECT_TRUE(contains(message_of<al::ShapeError>([&] { al::store(x, al::Hdf5Target{file, "/group/x", {al::range(0, 2), al::all}}); }), "(4, 4)"));
  EXPECT_TRUE(contains(message_of<al::KeyError>([&] { al::store(x, al::Hdf5Target{file, "/group/z", {al::range(0, 4), al::all}}); }), "/group/x"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { al::store({x, x}, {al::Hdf5Target{file, "/y"}, al::Hdf5Target{file, "/y"}}); }), "/y"));
  EXPECT_EQ(h5py(file, "print(list(f[\"group\"]), f[\"group/x\"][()].sum())"), "['x'] 16.0");
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"x.h5", "x.txt"}));
}

TEST(Hdf5, the_tree_of_a_file_names_what_is_in_it) {
  const Folder folder;
  al::ones<float>({6, 4}, {.chunks = {3, 4}}).to_hdf5(folder / "x.h5", "/group/x", {.attributes = {{"units", "K"}}});
  const std::string tree = al::info_hdf5(folder / "x.h5").text();
  for (const char* part : {"group", "x", "(6, 4)", "float32", "(3, 4)", "units"}) EXPECT_TRUE(contains(tree, part)) << part << "\n" << tree;
}

// CMake gives this test --ashlar-memory-limit=8MiB.
TEST(Hdf5, an_array_larger_than_the_memory_limit_is_written_and_read) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = al::arange<double>(0, 8'000'000, {.chunks = 100'000});  // 64 MB

  (x * 2).to_hdf5(file, "/x");

  EXPECT_EQ(al::from_hdf5<double>(file, "/x", {.chunks = 100'000}).sum().compute(), 7'999'999.0 * 8'000'000.0);
  EXPECT_EQ(h5py(file, "print(f[\"x\"].shape, f[\"x\"][-1])"), "(8000000,) 15999998.0");
}

}  // namespace

ASHLAR_JOB_MAIN()
