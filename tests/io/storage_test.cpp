// How datasets are stored and grow: filters, appending, regions with steps, attributes, many files as one. Every file is read back by h5py.
#include <ashlar/ashlar.hpp>

#include <algorithm>

#include "harness/job_main.hpp"
#include "test_files.hpp"

namespace al = ashlar;
using test_files::contains, test_files::Folder, test_files::h5py, test_files::message_of;

namespace {

// Numbers that gzip can shorten, and no two alike in a row.
al::Array<double> ramp(al::index_t rows, al::index_t columns, al::ChunkSpec chunks) {
  return al::arange<double>(static_cast<double>(rows * columns)).reshape({rows, columns}).rechunk(chunks);
}
const std::string ramp_50_70 = "numpy.arange(3500.0).reshape(50, 70)";

TEST(Hdf5Storage, compressed_datasets_are_what_h5py_reads) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = ramp(50, 70, {8, 16});
  const std::string said = "d = f[\"x\"]\nprint(d.chunks, d.compression, d.compression_opts, d.shuffle, d.fletcher32, (d[()] == " + ramp_50_70 + ").all())";

  x.to_hdf5(file, "/x", {.compression = "gzip"});
  EXPECT_EQ(h5py(file, said), "(8, 16) gzip 4 False False True");
  x.to_hdf5(file, "/x", {.storage_chunks = {9, 13}, .compression = "gzip", .compression_opts = 9, .shuffle = true, .fletcher32 = true});
  EXPECT_EQ(h5py(file, said), "(9, 13) gzip 9 True True True");
  x.rechunk({16, 64}).to_hdf5(file, "/x", {.storage_chunks = {8, 16}, .shuffle = true});
  EXPECT_EQ(h5py(file, said), "(8, 16) None None True False True");
  x.rechunk({{3, 20, 27}, {70}}).to_hdf5(file, "/x", {.fletcher32 = true});
  EXPECT_EQ(h5py(file, said), "(27, 70) None None False True True");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.h5"});

  // Read here as whole storage chunks, as parts of them, and in steps.
  x.to_hdf5(file, "/x", {.storage_chunks = {9, 13}, .compression = "gzip", .shuffle = true, .fletcher32 = true});
  for (const al::ChunkSpec& chunks : {al::ChunkSpec{18, 26}, al::ChunkSpec{50, 70}, al::ChunkSpec{7, 70}}) {
    const auto back = al::from_hdf5<double>(file, "/x", {.chunks = chunks});
    EXPECT_TRUE(al::all(back == x).compute());
    EXPECT_TRUE(al::all(back(al::range(40, 3, -5), al::range(1, 60, 7)) == x(al::range(40, 3, -5), al::range(1, 60, 7))).compute());
  }
}

TEST(Hdf5Storage, every_element_type_is_compressed_and_random_bytes_stay_as_they_are) {
  const Folder folder;
  const auto i = ramp(6, 10, {4, 4});
  const auto round_trip = [&]<class T>(const al::Array<T>& x, const std::string& name) {
    const std::string file = folder / name;
    x.to_hdf5(file, "/x", {.compression = "gzip", .shuffle = true, .fletcher32 = true});
    EXPECT_TRUE(contains(h5py(file, "print(f[\"x\"].compression, f[\"x\"].dtype, f[\"x\"][()].sum())"), "gzip " + name)) << name;
    EXPECT_TRUE(al::all(al::from_hdf5<T>(file, "/x") == x).compute()) << name;
  };
  round_trip(i, "float64");
  round_trip(i.astype<float>(), "float32");
  round_trip(i.astype<std::int16_t>(), "int16");
  round_trip(i.astype<std::uint8_t>(), "uint8");
  round_trip(i > 50, "bool");
  round_trip(i.astype<std::complex<double>>() * std::complex<double>(1, 2), "complex128");
  // Deflate gains nothing on these, and is left out of the chunk.
  const auto noise = (al::random::default_rng(5).random({100, 100}, {.chunks = {50, 50}}) * 256).astype<std::uint8_t>();
  round_trip(noise, "uint8");
}

TEST(Hdf5Storage, several_datasets_some_compressed_go_into_one_file_in_one_run) {
  const Folder folder;
  const std::string file = folder / "a.h5";
  const auto x = ramp(40, 30, {10, 30});
  al::store({x, x * 2, x + 1}, {al::Hdf5Target{file, "/packed", al::ellipsis, {.compression = "gzip", .attributes = {{"unit", "K"}}}}, al::Hdf5Target{file, "/g/plain"},
                                al::Hdf5Target{folder / "b.h5", "/y"}});
  EXPECT_EQ(h5py(file, "print(f[\"packed\"].compression, f[\"packed\"].attrs[\"unit\"], f[\"packed\"][()].sum(), f[\"g/plain\"].compression, f[\"g/plain\"][()].sum())"),
            "gzip K 719400.0 None 1438800.0");
  EXPECT_EQ(h5py(folder / "b.h5", "print(f[\"y\"][()].sum())"), "720600.0");
}

TEST(Hdf5Storage, regions_with_steps_change_their_elements_only) {
  const Folder folder;
  const std::string plain = folder / "plain.h5", packed = folder / "packed.h5";
  const auto zeros = al::zeros<double>({40, 30}, {.chunks = {8, 7}});
  zeros.to_hdf5(plain, "/x");
  zeros.to_hdf5(packed, "/x", {.compression = "gzip", .shuffle = true});
  for (const std::string& file : {plain, packed}) {
    al::store(ramp(13, 10, {5, 4}), al::Hdf5Target{file, "/x", {al::range(1, 40, 3), al::range(29, 0, -3)}});
    al::store(al::full({30}, -1.0), al::Hdf5Target{file, "/x", {0, al::all}});
    // A region of whole storage chunks.
    al::store(al::full({16, 7}, 5.0).rechunk({8, 7}), al::Hdf5Target{file, "/x", {al::range(16, 32), al::range(7, 14)}});
    EXPECT_EQ(h5py(file, "w = numpy.zeros((40, 30))\nw[1:40:3, 29:0:-3] = numpy.arange(130.0).reshape(13, 10)\nw[0] = -1\nw[16:32, 7:14] = 5\n"
                         "d = f[\"x\"]\nprint((d[()] == w).all(), len(d.attrs))"),
              "True 0");
  }
}

TEST(Hdf5Storage, attributes_of_a_region_are_those_of_its_dataset) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::zeros<double>({8, 6}, {.chunks = {4, 6}}).to_hdf5(file, "/x", {.attributes = {{"unit", "m"}, {"kept", 1}}});
  const auto ones = al::ones<double>({2, 6});
  al::store({ones, ones * 2}, {al::Hdf5Target{file, "/x", {al::range(0, 2), al::all}, {.attributes = {{"unit", "K"}}}},
                               al::Hdf5Target{file, "/x", {al::range(6, 8), al::all}, {.attributes = {{"levels", std::vector<std::int64_t>{3, 4}}}}}});
  EXPECT_EQ(h5py(file, "a = f[\"x\"].attrs\nprint(f[\"x\"][()].sum(), sorted(a), a[\"unit\"], a[\"kept\"], a[\"levels\"].tolist())"), "36.0 ['kept', 'levels', 'unit'] K 1 [3, 4]");
}

TEST(Hdf5Storage, a_refused_dataset_leaves_the_others_of_the_call_untouched) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = ramp(4, 6, {2, 6});
  al::store({x, x}, {al::Hdf5Target{file, "/a"}, al::Hdf5Target{file, "/b"}});
  // The second has another shape, the third is to be made in what is no group.
  for (const char* bad : {"/b", "/a/c"}) {
    const std::string message = message_of<al::Error>([&] {
      al::store({x * 2, al::zeros<double>({5, 5})}, {al::Hdf5Target{file, "/a", al::ellipsis, {.mode = "a", .attributes = {{"unit", "K"}}}}, al::Hdf5Target{file, bad, al::ellipsis, {.mode = "a"}}});
    });
    EXPECT_TRUE(contains(message, bad)) << message;
    EXPECT_EQ(h5py(file, "print(sorted(f), [(f[k][()].sum(), len(f[k].attrs)) for k in sorted(f)])"), "['a', 'b'] [(276.0, 0), (276.0, 0)]");
  }
}

TEST(Hdf5Storage, a_dataset_grows_along_its_unlimited_axis) {
  const Folder folder;
  for (const std::string compression : {"", "gzip"}) {
    const std::string file = folder / ("x" + compression + ".h5");
    const auto piece = [&](double first, al::index_t rows) { return al::full({rows, 6}, first).rechunk({3, 4}); };
    piece(1, 5).to_hdf5(file, "/x", {.mode = "a", .compression = compression, .append_axis = 0});
    piece(2, 7).to_hdf5(file, "/x", {.mode = "a", .append_axis = 0});
    piece(3, 3).to_hdf5(file, "/x", {.mode = "a", .append_axis = 0});
    EXPECT_EQ(h5py(file, "d = f[\"x\"]\nprint(d.shape, d.maxshape, d.chunks, d.compression or \"\", len(d.attrs), [int(v) for v in d[:, 5]])"),
              "(15, 6) (None, 6) (3, 4) " + compression + " 0 [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3]");
    EXPECT_EQ(al::from_hdf5<double>(file, "/x").sum().compute(), 6 * (5 + 14 + 9));

    // A failure in the middle leaves the old length, and the next append begins there.
    const auto bad = piece(9, 9).map_blocks([](al::NDArray<double> block, const al::BlockInfo& info) {
      if (info.chunk_location()[0] == 2) throw std::runtime_error("the third row of chunks");
      return block;
    });
    EXPECT_TRUE(contains(message_of<al::TaskError>([&] { bad.to_hdf5(file, "/x", {.mode = "a", .append_axis = 0}); }), "third row"));
    EXPECT_EQ(h5py(file, "print(f[\"x\"].shape, f[\"x\"][()].sum(), len(f[\"x\"].attrs))"), "(15, 6) 168.0 0");
    piece(4, 1).to_hdf5(file, "/x", {.mode = "a", .append_axis = 0});
    EXPECT_EQ(h5py(file, "print(f[\"x\"].shape, f[\"x\"][15].sum())"), "(16, 6) 24.0");
  }
}

TEST(Hdf5Storage, what_cannot_be_appended_or_compressed_says_why_and_changes_nothing) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = ramp(4, 6, {2, 6});
  x.to_hdf5(file, "/x", {.maxshape = {8, 6}});
  const auto append = [&](const al::Array<double>& what, int axis) { what.to_hdf5(file, "/x", {.mode = "a", .append_axis = axis}); };
  EXPECT_TRUE(contains(message_of<al::ShapeError>([&] { append(ramp(4, 5, {4, 5}), 0); }), "(4, 5)"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { append(ramp(5, 6, {5, 6}), 0); }), "maxshape"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { append(x, 1); }), "may grow to 6"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { append(x, 2); }), "append_axis 2"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.append_axis = 0}); }), "mode"));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.compression = "lzf"}); }), "\"lzf\""));
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.compression = "gzip", .compression_opts = 10}); }), "10"));
  EXPECT_TRUE(contains(message_of<al::ShapeError>([&] { x.to_hdf5(file, "/x", {.maxshape = {3, 6}}); }), "maxshape"));
  EXPECT_EQ(h5py(file, "print(f[\"x\"].shape, f[\"x\"].maxshape, f[\"x\"][()].sum(), len(f[\"x\"].attrs))"), "(4, 6) (8, 6) 276.0 0");
  append(x, 0);
  EXPECT_EQ(h5py(file, "print(f[\"x\"].shape, f[\"x\"][()].sum())"), "(8, 6) 552.0");
}

TEST(Hdf5Storage, a_damaged_chunk_is_found_by_its_checksum) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::full({64, 64}, 7.0).rechunk({32, 64}).to_hdf5(file, "/x", {.fletcher32 = true});
  const auto back = al::from_hdf5<double>(file, "/x", {.chunks = {32, 64}});
  EXPECT_EQ(back.sum().compute(), 7.0 * 64 * 64);
  // One bit of an element somewhere in the second chunk.
  EXPECT_EQ(h5py(file, "i = f[\"x\"].id.get_chunk_info(1)\nf.close()\nh = open(\"" + file + "\", \"r+b\")\nh.seek(i.byte_offset + 800)\nh.write(b\"\\x01\")"), "");
  EXPECT_TRUE(contains(message_of<al::TaskError>([&] { al::from_hdf5<double>(file, "/x", {.chunks = {32, 64}}).sum().compute(); }), "checksum"));
}

TEST(Hdf5Storage, attributes_hold_texts_numbers_and_lists_of_them) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::ones<float>({6}).to_hdf5(file, "/g/x", {.attributes = {{"units", "K"}, {"names", {"temperature", "Größe"}}, {"n", std::vector<al::index_t>{1, 2, 3}}, {"range", {0.5, 2}}}});
  EXPECT_EQ(h5py(file, "a = f[\"g/x\"].attrs\nprint(a[\"units\"], list(a[\"names\"]) == [\"temperature\", \"Gr\\u00f6\\u00dfe\"], a[\"n\"].dtype, list(a[\"n\"]), list(a[\"range\"]))"),
            "K True int64 [1, 2, 3] [0.5, 2.0]");
  const auto all = al::attributes_hdf5(file, "/g/x");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].name.v, "n");
  EXPECT_EQ(std::get<std::vector<al::index_t>>(all[0].value.v), (std::vector<al::index_t>{1, 2, 3}));
  EXPECT_EQ(std::get<std::vector<std::string>>(all[1].value.v)[1], "Größe");
  EXPECT_EQ(std::get<std::string>(all[3].value.v), "K");
  EXPECT_TRUE(al::attributes_hdf5(file).empty());
  EXPECT_TRUE(contains(message_of<al::KeyError>([&] { al::attributes_hdf5(file, "/g/y"); }), "/g/x"));
}

TEST(Hdf5Storage, files_that_fit_a_wildcard_are_one_array) {
  const Folder folder;
  for (int step : {10, 1, 2}) al::full({step, 3}, static_cast<double>(step)).to_hdf5(folder / ("out." + std::to_string(step) + ".h5"), "/x");
  const auto rows = al::from_hdf5<double>(folder / "out.*.h5", "/x");
  EXPECT_EQ(rows.shape(), al::Shape({13, 3}));
  const al::NDArray<double> column = rows(al::all, 0).compute();
  EXPECT_EQ(std::vector<double>(column.begin(), column.end()), (std::vector<double>{1, 2, 2, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10}));
  EXPECT_TRUE(contains(message_of<al::ShapeError>([&] { al::from_hdf5<double>(folder / "out.*.h5", "/x", {.axis = 1}); }), "(2, 3)"));
  EXPECT_TRUE(contains(message_of<al::IoError>([&] { al::from_hdf5<double>(folder / "in.*.h5", "/x"); }), "no file fits"));
  // A virtual dataset over the same files, made by h5py.
  al::ones<double>({1}).to_hdf5(folder / "all.h5", "/one");
  h5py(folder / "all.h5", "f.close()\nf = h5py.File(\"" + (folder / "all.h5") + "\", \"a\")\nl = h5py.VirtualLayout((13, 3), \"f8\")\nat = 0\n"
                          "for n in (1, 2, 10):\n  l[at:at + n] = h5py.VirtualSource(\"out.%d.h5\" % n, \"x\", (n, 3))\n  at += n\nf.create_virtual_dataset(\"v\", l)\nf.close()");
  EXPECT_TRUE(al::all(al::from_hdf5<double>(folder / "all.h5", "/v", {.chunks = {4, 3}}) == rows).compute());
}

TEST(Hdf5Storage, half_precision_is_read_as_float) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::ones<double>({1}).to_hdf5(file, "/one");
  h5py(file, "f.close()\nf = h5py.File(\"" + file + "\", \"a\")\nf[\"h\"] = (numpy.arange(20) / 8).astype(\"f2\")\nf.close()");
  const al::NDArray<float> half = al::from_hdf5<float>(file, "/h", {.chunks = 7}).compute();
  for (al::index_t i = 0; i < 20; ++i) EXPECT_EQ(half(i), static_cast<float>(i) / 8);
}

}  // namespace

ASHLAR_JOB_MAIN()
