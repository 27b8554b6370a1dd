// All ranks write one file; h5py and h5dump say what is in it.

#include "ashlar/hdf5/parallel_file.hpp"

#include <sstream>

#include "ashlar/hdf5/hyperslab_detail.hpp"
#include "ashlar/hdf5/reader.hpp"
#include "hdf5/mpi_main.hpp"

namespace ashlar::hdf5 {
namespace {

using scratch::on_rank_0;
using scratch::part;
using scratch::rank;
using scratch::ranks;

std::string json(const std::vector<index_t>& v) {
  std::string text = "[";
  for (std::size_t i = 0; i < v.size(); i++) text += (i ? ", " : "") + std::to_string(v[i]);
  return text + "]";
}

/// One dataset as another reader should find it; attributes as JSON.
std::string expected(const std::string& name, const std::string& type, const Shape& shape, const std::vector<index_t>& chunks,
                     const std::string& attributes = "{}") {
  return "{\"name\": \"" + name + "\", \"dtype\": \"" + type + "\", \"shape\": " + json(shape.v) +
         ", \"chunks\": " + (chunks.empty() ? "null" : json(chunks)) + ", \"attributes\": " + attributes + "}";
}

std::string expected(const std::string& name, DType type, const Shape& shape, const std::vector<index_t>& chunks, const std::string& attributes = "{}") {
  return expected(name, std::string(dtype_name(type)), shape, chunks, attributes);
}

/// True when h5py finds types, shapes, chunks, attributes and every element, and h5dump the same bytes.
bool others_read(const std::string& path, const std::vector<std::string>& datasets) {
  std::string list;
  for (const auto& dataset : datasets) list += (list.empty() ? "" : ", ") + dataset;
  return on_rank_0(PYTHON " " TEST_FOLDER "/check_file.py " H5DUMP " " + path + " '[" + list + "]'") == 0;
}

/// Writes the test array in chunks of `chunk`, dealt to the ranks one by one.
template <class T>
void write_all(ParallelFile& file, int dataset, const Shape& shape, const std::vector<index_t>& chunk) {
  std::vector<index_t> at(shape.size(), 0);
  for (int turn = 0;; turn++) {
    Shape count = shape;
    for (std::size_t i = 0; i < shape.size(); i++) count[i] = std::min(chunk[i], shape[i] - at[i]);
    if (turn % ranks() == rank() && shape.elements() > 0) file.write(dataset, at, part<T>(shape, at, count));
    std::size_t axis = shape.size();
    while (axis > 0) {
      axis--;
      at[axis] += chunk[axis];
      if (at[axis] < shape[axis]) break;
      at[axis] = 0;
      if (axis == 0) return;
    }
    if (shape.size() == 0) return;
  }
}

/// Calls `f(type, T())` for every element type.
template <class F>
void for_each_type(F f) {
  for (int i = 0; i < dtype_count; i++)
    visit_dtype(static_cast<DType>(i), [&]<class T>(std::type_identity<T>) { f(static_cast<DType>(i), T()); });
}

TEST(ParallelFile, holds_every_type_chunked_and_contiguous_with_uneven_last_chunks) {
  const scratch::SharedFolder folder;
  const Shape shape{11, 17};
  const std::string path = folder / "x.h5";
  std::vector<DatasetSpec> specs;
  std::vector<std::string> wanted;
  for_each_type([&](DType type, auto) {
    const std::string name(dtype_name(type));
    specs.push_back({.name = "chunked/" + name, .dtype = type, .shape = shape, .storage_chunks = {4, 5}});
    specs.push_back({.name = "/a/contiguous/" + name, .dtype = type, .shape = shape});
    wanted.push_back(expected("/chunked/" + name, type, shape, {4, 5}));
    wanted.push_back(expected("/a/contiguous/" + name, type, shape, {}));
  });

  auto file = ParallelFile::create(MPI_COMM_WORLD, path, specs);
  int dataset = 0;
  for_each_type([&]<class T>(DType, T) {
    write_all<T>(file, dataset++, shape, {4, 5});
    write_all<T>(file, dataset++, shape, {3, 6});
  });
  file.close();

  EXPECT_TRUE(others_read(path, wanted));
  for_each_type([&]<class T>(DType type, T) {
    const Block back = read(path, "/chunked/" + std::string(dtype_name(type)), std::vector<index_t>{2, 3}, Shape{9, 14}, type);
    EXPECT_TRUE(scratch::same_bytes(back, part<T>(shape, {2, 3}, Shape{9, 14}))) << dtype_name(type);
  });
  forget(path);
}

TEST(ParallelFile, half_floats_are_written_from_floats_of_either_size_and_from_small_integers) {
  const scratch::SharedFolder folder;
  const Shape shape{11, 17};
  const std::string path = folder / "x.h5";
  const auto half = [&](const std::string& name, const std::vector<index_t>& chunks) {
    return DatasetSpec{.name = name, .dtype = DType::float32, .half = true, .shape = shape, .storage_chunks = chunks};
  };
  auto file = ParallelFile::create(MPI_COMM_WORLD, path, {half("chunked", {4, 5}), half("contiguous", {})});
  EXPECT_TRUE(file.dataset(0).half && file.dataset(0).native);
  EXPECT_EQ(file.dataset(0).type, "float16");
  write_all<double>(file, 0, shape, {4, 5});
  write_all<float>(file, 1, shape, {3, 6});
  file.close();
  EXPECT_TRUE(others_read(path, {expected("/chunked", "float16", shape, {4, 5}), expected("/contiguous", "float16", shape, {})}));

  auto again = ParallelFile::open_in_place(MPI_COMM_WORLD, path, {{.name = "contiguous", .existing = true}});
  EXPECT_THROW(again.write(0, std::vector<index_t>{0, 0}, part<std::complex<double>>(shape, {0, 0}, Shape{1, 1})), TypeError);
  EXPECT_THROW(again.close(), TypeError);
  auto third = ParallelFile::open_in_place(MPI_COMM_WORLD, path, {half("contiguous", {}), {.name = "chunked", .existing = true}});
  write_all<std::int8_t>(third, 0, shape, {2, 17});
  write_all<double>(third, 1, shape, {5, 17});
  third.close();
  EXPECT_TRUE(others_read(path, {expected("/chunked", "float16", shape, {4, 5}), expected("/contiguous", "float16", shape, {})}));
  for (const DType type : {DType::float32, DType::float64}) {
    const Block back = read(path, "/chunked", std::vector<index_t>{9, 3}, Shape{4, 7}, type, std::vector<index_t>{-2, 2});
    EXPECT_TRUE(scratch::same_bytes(back, part<double>(shape, {9, 3}, Shape{4, 7}, {-2, 2}).astype(type))) << dtype_name(type);
  }
  forget(path);
}

TEST(ParallelFile, writes_arrays_of_zero_one_and_five_axes) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Shape five{3, 2, 4, 1, 5};

  auto file = ParallelFile::create(MPI_COMM_WORLD, path,
                                   {{.name = "scalar", .shape = {}, .storage_chunks = {}},
                                    {.name = "one", .shape = {1000}, .storage_chunks = {37}},
                                    {.name = "five", .shape = five, .storage_chunks = {2, 2, 3, 1, 5}}});
  write_all<double>(file, 0, Shape{}, {});
  write_all<double>(file, 1, Shape{1000}, {37});
  write_all<double>(file, 2, five, {2, 2, 3, 1, 5});
  file.close();

  EXPECT_TRUE(others_read(path, {expected("/scalar", DType::float64, Shape{}, {}), expected("/one", DType::float64, Shape{1000}, {37}),
                                 expected("/five", DType::float64, five, {2, 2, 3, 1, 5})}));
  EXPECT_EQ(read(path, "scalar", {}, Shape{}, DType::float64).item({}).as<double>(), 3.0);
  forget(path);
}

TEST(ParallelFile, writes_arrays_without_elements) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";

  auto file = ParallelFile::create(MPI_COMM_WORLD, path,
                                   {{.name = "none", .shape = {0}, .storage_chunks = {5}}, {.name = "flat", .shape = {3, 0, 2}}});
  file.write(0, std::vector<index_t>{0}, Block::allocate(DType::float64, Shape{0}));
  file.write(1, std::vector<index_t>{1, 0, 0}, Block::allocate(DType::float64, Shape{2, 0, 2}));
  file.close();

  EXPECT_TRUE(others_read(path, {expected("/none", DType::float64, Shape{0}, {}), expected("/flat", DType::float64, Shape{3, 0, 2}, {})}));
  EXPECT_EQ(read(path, "/flat", std::vector<index_t>{0, 0, 0}, Shape{3, 0, 2}, DType::float64).size(), 0);
  forget(path);
}

TEST(ParallelFile, cuts_storage_chunks_to_the_shape) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";

  auto file = ParallelFile::create(MPI_COMM_WORLD, path, {{.name = "x", .shape = {3, 4}, .storage_chunks = {1000, 2}}});
  write_all<double>(file, 0, Shape{3, 4}, {3, 2});
  file.close();

  EXPECT_TRUE(others_read(path, {expected("/x", DType::float64, Shape{3, 4}, {3, 2})}));
}

TEST(ParallelFile, writes_attributes_as_h5py_expects_them) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Attributes attributes = {
      {"bounds", std::vector<double>{1, 2.5, -3}}, {"count", std::int64_t(-7)}, {"empty", ""}, {"scale", 0.5}, {"units", "Kelvin, °"}};

  auto file = ParallelFile::create(MPI_COMM_WORLD, path, {{.name = "x", .dtype = DType::int32, .shape = {4}, .attributes = attributes}});
  write_all<std::int32_t>(file, 0, Shape{4}, {4});
  file.close();

  EXPECT_TRUE(others_read(
      path, {expected("/x", DType::int32, Shape{4}, {},
                      "{\"units\": \"Kelvin, °\", \"scale\": 0.5, \"count\": -7, \"bounds\": [1.0, 2.5, -3.0], \"empty\": \"\"}")}));
  EXPECT_EQ(describe(path, "x").attributes, attributes);  // both by name
  forget(path);
}

TEST(ParallelFile, takes_blocks_that_are_not_contiguous) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Shape shape{6, 8};

  auto file = ParallelFile::create(MPI_COMM_WORLD, path, {{.name = "x", .shape = shape}});
  const Block upside_down = part<double>(shape, {5, 0}, shape, {-1, 1});
  if (rank() == ranks() - 1)
    file.write(0, std::vector<index_t>{0, 0}, upside_down.slice(std::vector<index_t>{5, 0}, shape.v, std::vector<index_t>{-1, 1}));
  file.close();

  EXPECT_TRUE(others_read(path, {expected("/x", DType::float64, shape, {})}));
}

TEST(ParallelFile, moves_rectangles_in_pieces_no_larger_than_a_call_may_move) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Shape shape{3, 5, 7};
  auto file = ParallelFile::create(MPI_COMM_WORLD, path, {{.name = "x", .shape = shape, .storage_chunks = {2, 2, 3}}});
  file.close();

  // 8 bytes: every element alone; 7 * 8: rows; 100: no divisor of anything; 35 * 8 * 2: slabs.
  if (rank() == 0)
    Thread::instance().run([&] {
      FileHandle again(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
      DatasetHandle x(H5Dopen2(again.get(), "x", H5P_DEFAULT));
      for (std::int64_t nbytes_max : {8, 56, 100, 560}) {
        const Block zero = Block::zeros(DType::float64, shape), wanted = part<double>(shape, {0, 0, 0}, shape);
        const Rectangle whole{{0, 0, 0}, {1, 1, 1}, shape.v}, some{{0, 1, 0}, {2, 1, 3}, {2, 4, 3}};
        write_rectangle(x.get(), whole, zero, {path});
        write_rectangle(x.get(), whole, wanted, {path}, nbytes_max);
        Block back = Block::allocate(DType::float64, shape), sparse = Block::allocate(DType::float64, Shape{2, 4, 3});
        read_rectangle(x.get(), whole, DType::float64, back.make_writable(), {path}, nbytes_max);
        read_rectangle(x.get(), some, DType::float64, sparse.make_writable(), {path}, nbytes_max);
        EXPECT_TRUE(scratch::same_bytes(back, wanted)) << nbytes_max;
        EXPECT_TRUE(scratch::same_bytes(sparse, part<double>(shape, {0, 1, 0}, Shape{2, 4, 3}, {2, 1, 3}))) << nbytes_max;
      }
    });
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_TRUE(others_read(path, {expected("/x", DType::float64, shape, {2, 2, 3})}));
}

TEST(ParallelFile, in_place_adds_a_dataset_and_keeps_the_others_where_they_are) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Shape shape{10, 10};
  auto first = ParallelFile::open_in_place(MPI_COMM_WORLD, path, {{.name = "old", .shape = shape}});
  write_all<double>(first, 0, shape, {3, 10});
  first.close();
  const auto place = [&] { return on_rank_0(H5DUMP " -p -H -d /old " + path + " | grep OFFSET > " + path + ".place"); };
  EXPECT_EQ(place(), 0);
  const std::string before = scratch::read_text(path + ".place");

  auto second = ParallelFile::open_in_place(MPI_COMM_WORLD, path,
                                            {{.name = "g/new", .dtype = DType::int64, .shape = shape, .storage_chunks = {4, 4}}});
  write_all<std::int64_t>(second, 0, shape, {4, 4});
  second.close();

  EXPECT_EQ(place(), 0);
  EXPECT_EQ(scratch::read_text(path + ".place"), before);
  EXPECT_TRUE(others_read(path, {expected("/old", DType::float64, shape, {}), expected("/g/new", DType::int64, shape, {4, 4})}));
}

TEST(ParallelFile, in_place_writes_a_part_and_converts_to_the_type_of_the_file) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Shape shape{12, 5};
  // h5py leaves both unallocated: they hold their fill value.
  ASSERT_EQ(on_rank_0(PYTHON " -c \"import h5py; f = h5py.File('" + path +
                      "', 'w'); f.create_dataset('c', (12, 5), 'f8', chunks=(5, 2), fillvalue=-1); " +
                      "f.create_dataset('d', (12, 5), 'f4'); f['c'][0:2] = 9\""),
            0);

  auto file = ParallelFile::open_in_place(MPI_COMM_WORLD, path, {{.name = "c", .existing = true}, {.name = "d", .existing = true}});
  EXPECT_EQ(file.dataset(0).shape, shape);
  EXPECT_EQ(file.dataset(1).dtype, DType::float32);
  if (rank() == 0) file.write(0, std::vector<index_t>{4, 1}, part<std::int32_t>(shape, {4, 1}, Shape{2, 3}));
  write_all<double>(file, 1, shape, {5, 5});
  file.close();

  EXPECT_TRUE(others_read(path, {expected("/d", DType::float32, shape, {})}));
  EXPECT_EQ(
      on_rank_0(PYTHON " -c \"import h5py, numpy; c = h5py.File('" + path + "')['c'][()]; w = numpy.full((12, 5), -1.); w[0:2] = 9; " +
                "w[4:6, 1:4] = ((numpy.arange(60) * 7 + 3) % 101).reshape(12, 5)[4:6, 1:4]; assert (c == w).all(), c\""),
      0);
}

TEST(ParallelFile, in_place_writes_over_a_dataset_of_the_same_shape_and_type) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Shape shape{30, 4};
  for (int round = 0; round < 3; round++) {
    auto file = ParallelFile::open_in_place(
        MPI_COMM_WORLD, path, {{.name = "x", .shape = shape, .storage_chunks = {8, 4}, .attributes = {{"round", std::int64_t(round)}}}});
    if (round < 2 && rank() == 0) file.write(0, std::vector<index_t>{0, 0}, Block::zeros(DType::float64, shape));
    if (round == 2) write_all<double>(file, 0, shape, {8, 4});
    file.close();
  }

  EXPECT_TRUE(others_read(path, {expected("/x", DType::float64, shape, {8, 4}, "{\"round\": 2}")}));
  EXPECT_LT(scratch::fs::file_size(path), 8000u);
}

TEST(ParallelFile, in_place_marks_the_dataset_until_it_is_closed_and_locks_out_others) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const Shape shape{4};
  ParallelFile::open_in_place(MPI_COMM_WORLD, path, {{.name = "other", .shape = shape}}).close();

  auto file = ParallelFile::open_in_place(MPI_COMM_WORLD, path, {{.name = "x", .shape = shape}});
  EXPECT_TRUE(describe(path, "x").incomplete);
  EXPECT_FALSE(describe(path, "other").incomplete);
  EXPECT_THROW(read(path, "x", std::vector<index_t>{0}, shape, DType::float64), IoError);
  EXPECT_NO_THROW(read(path, "other", std::vector<index_t>{0}, shape, DType::float64));
  EXPECT_NE(on_rank_0(PYTHON " -c \"import h5py; h5py.File('" + path + "')\" 2> /dev/null"), 0);
  write_all<double>(file, 0, shape, {2});
  MPI_Barrier(MPI_COMM_WORLD);
  file.close();

  EXPECT_FALSE(describe(path, "x").incomplete);
  EXPECT_TRUE(others_read(path, {expected("/x", DType::float64, shape, {})}));
  forget(path);
}

}  // namespace
}  // namespace ashlar::hdf5
