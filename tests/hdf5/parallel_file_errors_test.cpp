// What goes wrong on one rank is thrown by all, and nobody hangs.

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/parallel_file.hpp"
#include "ashlar/hdf5/reader.hpp"
#include "hdf5/mpi_main.hpp"

namespace ashlar::hdf5 {
namespace {

using scratch::on_rank_0;
using scratch::part;
using scratch::rank;
using scratch::ranks;

/// "IoError: …" as thrown by `fn`; "ranks differ: …" unless all ranks throw the same; "" when none throws.
std::string error_of_all(const std::function<void()>& fn) {
  std::string mine;
  try {
    fn();
  } catch (const Error& e) {
    mine = std::string(e.kind()) + ": " + e.what();
  }
  char first[2048] = "";
  std::strncpy(first, mine.c_str(), sizeof first - 1);
  MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
  int same = mine == first;
  MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return same ? mine : "ranks differ: " + mine + " / " + first;
}

#define EXPECT_BEGINS(text, wanted) EXPECT_EQ((text).substr(0, std::string(wanted).size()), wanted) << (text)
#define EXPECT_HOLDS(text, wanted) EXPECT_NE((text).find(wanted), std::string::npos) << (text)

const Shape shape{10, 10};
const DatasetSpec x{.name = "x", .shape = shape, .storage_chunks = {5, 5}};

std::string create_error(const std::string& path, const std::vector<DatasetSpec>& specs = {x}) {
  return error_of_all([&] { ParallelFile::create(MPI_COMM_WORLD, path, specs).close(); });
}
std::string in_place_error(const std::string& path, const std::vector<DatasetSpec>& specs = {x}) {
  return error_of_all([&] { ParallelFile::open_in_place(MPI_COMM_WORLD, path, specs).close(); });
}

TEST(ParallelFileErrors, a_missing_folder_is_named) {
  const scratch::SharedFolder folder;
  const std::string text = create_error(folder / "no/where/x.h5");
  EXPECT_BEGINS(text, "IoError: H5Fcreate failed: " + (folder / "no/where/x.h5"));
  EXPECT_HOLDS(text, "No such file or directory");
  EXPECT_HOLDS(in_place_error(folder / "no/where/x.h5"), "No such file or directory");
}

TEST(ParallelFileErrors, a_path_through_a_file_is_named) {
  const scratch::SharedFolder folder;
  if (rank() == 0) scratch::write_text(folder / "file", "text");
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_HOLDS(create_error(folder / "file/x.h5"), "Not a directory");
}

TEST(ParallelFileErrors, another_shape_or_type_in_place_says_both) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  ASSERT_EQ(create_error(path), "");

  DatasetSpec other = x;
  other.shape = {10, 11};
  EXPECT_BEGINS(in_place_error(path, {other}),
                "IoError: cannot replace dataset /x of " + path + ": it has shape (10, 10), the new one (10, 11)");
  other = x;
  other.dtype = DType::int32;
  EXPECT_BEGINS(in_place_error(path, {other}), "IoError: cannot replace dataset /x of " + path + ": it holds float64, the new one int32");
  EXPECT_EQ(in_place_error(path), "");
}

TEST(ParallelFileErrors, a_part_of_a_missing_dataset_names_the_nearest) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  ASSERT_EQ(create_error(path, {x, {.name = "/group/pressure", .shape = {3}}}), "");

  EXPECT_EQ(in_place_error(path, {{.name = "/group/presure", .existing = true}}),
            "KeyError: no dataset /group/presure in " + path + "; there are /group/pressure, /x");
  EXPECT_BEGINS(in_place_error(folder / "none.h5", {{.name = "x", .existing = true}}),
                "IoError: cannot write a part of dataset x of " + (folder / "none.h5"));
  EXPECT_BEGINS(in_place_error(path, {{.name = "/x/y", .shape = {1}}}), "TypeError: /x of " + path + " is not a group");
  EXPECT_BEGINS(in_place_error(path, {{.name = "/group", .shape = {1}}}), "TypeError: /group of " + path + " is not a dataset");
}

TEST(ParallelFileErrors, storage_that_cannot_be_written_independently_is_refused) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  ASSERT_EQ(on_rank_0(PYTHON " -c \"import h5py, numpy; f = h5py.File('" + path +
                      "', 'w'); f.create_dataset('x', (10, 10), 'f8', chunks=(5, 5), compression='gzip'); " +
                      "f['text'] = 'abc'; p = h5py.h5p.create(h5py.h5p.DATASET_CREATE); p.set_layout(h5py.h5d.COMPACT); " +
                      "h5py.h5d.create(f.id, b'compact', h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((10, 10)), p)\""),
            0);

  EXPECT_HOLDS(in_place_error(path), "IoError: cannot write into dataset /x of " + path + ": it is stored with gzip");
  EXPECT_HOLDS(in_place_error(path, {{.name = "compact", .existing = true}}), "NotImplementedError: cannot write into dataset /compact");
  EXPECT_HOLDS(in_place_error(path, {{.name = "text", .existing = true}}),
               "TypeError: cannot write into dataset /text of " + path + ": it holds string");
  DatasetSpec packed = x;
  packed.filters.gzip_level = 4;
  EXPECT_HOLDS(create_error(folder / "y.h5", {packed}), "ValueError: dataset /x of " + (folder / "y.h5") + " has filters");
}

TEST(ParallelFileErrors, a_file_that_is_not_hdf5_or_is_open_elsewhere_is_left_alone) {
  const scratch::SharedFolder folder;
  if (rank() == 0) scratch::write_text(folder / "a.h5", "just text, and long enough for a signature");
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_EQ(in_place_error(folder / "a.h5"), "IoError: " + (folder / "a.h5") + " is not an HDF5 file: its signature is missing");
  if (rank() == 0) {
    EXPECT_EQ(scratch::read_text(folder / "a.h5"), "just text, and long enough for a signature");
  }

  const std::string path = folder / "x.h5", ready = folder / "ready", over = folder / "over";
  ASSERT_EQ(create_error(path), "");
  const std::string wait = "; import os, time\nopen('" + ready +
                           "', 'w')\nfor _ in range(300):\n  time.sleep(0.05)\n  if os.path.exists('" + over +
                           "') or not os.path.exists('" + ready + "'): break\nelse: raise SystemExit(1)";
  ASSERT_EQ(on_rank_0(PYTHON " -c \"import h5py; f = h5py.File('" + path + "', 'r+')" + wait + "\" & for i in $(seq 300); do test -e " +
                      ready + " && break; sleep 0.05; done"),
            0);
  EXPECT_BEGINS(in_place_error(path), "IoError: cannot write into " + path + ": another program has it open");
  if (rank() == 0) scratch::write_text(over, "");
}

TEST(ParallelFileErrors, wrong_specifications_are_refused_before_anything_is_made) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  EXPECT_HOLDS(create_error(path, {x, x}), "ValueError: dataset /x");
  EXPECT_HOLDS(create_error(path, {{.name = "x", .shape = {3}, .storage_chunks = {1, 1}}}),
               "ShapeError: storage_chunks of dataset x do not fit its shape: storage_chunks (1, 1), shape (3,)");
  EXPECT_HOLDS(create_error(path, {{.name = "x", .shape = {3}, .storage_chunks = {0}}}),
               "ShapeError: storage_chunks of dataset x must be positive");
  EXPECT_HOLDS(create_error(path, {{.name = "x", .shape = {unknown}}}), "ShapeError: dataset x needs known lengths: shape (nan,)");
  EXPECT_HOLDS(create_error(path, {{.name = "x", .shape = {1'000'000, 1'000'000}, .storage_chunks = {30'000, 30'000}}}),
               "ValueError: storage_chunks of dataset x are too large: one has 6.71 GiB");
  EXPECT_HOLDS(create_error(path, {{.name = "/", .shape = {3}}}), "ValueError");
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_FALSE(scratch::fs::exists(path));
}

TEST(ParallelFileErrors, a_write_that_fails_on_one_rank_is_thrown_by_close_on_all) {
  const scratch::SharedFolder folder;
  const std::string path = folder / "x.h5";
  const int last = ranks() - 1;
  auto file = ParallelFile::open_in_place(MPI_COMM_WORLD, path, {x});
  const Block block = part<double>(shape, {0, 0}, Shape{5, 5});
  if (rank() == last) {
    EXPECT_THROW(file.write(0, std::vector<index_t>{6, 0}, block), IndexError);
    EXPECT_THROW(file.write(0, std::vector<index_t>{0, 0}, block), IndexError) << "the first error stays";
  }
  EXPECT_EQ(error_of_all([&] { file.close(); }),
            "IndexError: the part leaves dataset /x of " + path + ": axis 0, start 6, count 5, step 1, length 10");
  EXPECT_FALSE(file.is_open());
  EXPECT_TRUE(describe(path, "x").incomplete);
  forget(path);

  // Written again as a whole, it is complete; a part alone cannot make it so.
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_HOLDS(in_place_error(path, {{.name = "x", .existing = true}}), "an earlier write into it did not end");
  EXPECT_EQ(in_place_error(path), "");
  EXPECT_FALSE(describe(path, "x").incomplete);
  forget(path);
}

TEST(ParallelFileErrors, an_error_given_to_close_is_thrown_by_all) {
  const scratch::SharedFolder folder;
  auto file = ParallelFile::create(MPI_COMM_WORLD, folder / "x.h5", {x});
  const auto mine = rank() == 0 ? std::make_exception_ptr(ValueError("chunk (0, 0) could not be computed")) : nullptr;
  EXPECT_EQ(error_of_all([&] { file.close(mine); }), "ValueError: chunk (0, 0) could not be computed");
}

TEST(ParallelFileErrors, types_whose_values_might_not_fit_are_refused) {
  const scratch::SharedFolder folder;
  auto file = ParallelFile::create(MPI_COMM_WORLD, folder / "x.h5", {{.name = "x", .dtype = DType::int32, .shape = {4}}});
  if (rank() == 0) {
    EXPECT_THROW(file.write(0, std::vector<index_t>{0}, Block::zeros(DType::float64, Shape{4})), TypeError);
  }
  EXPECT_BEGINS(error_of_all([&] { file.close(); }), "TypeError: cannot write float64 into dataset /x");
}

/// A file system of 4 MiB, or none where mounting is not allowed.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    if (rank() == 0) {
      scratch::fs::create_directories(path_);
      mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=4m") == 0;
    }
    MPI_Bcast(&mounted_, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  ~SmallDisk() {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank() == 0 && mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  int mounted_ = 0;
};

TEST(ParallelFileErrors, a_full_disk_is_said_by_all_and_leaves_the_old_file) {
  const scratch::SharedFolder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a small file system here";
  const std::string path = folder / "disk/x.h5";
  const Shape large{1024, 1024};
  ASSERT_EQ(create_error(path), "");
  const std::string before = scratch::read_text(path);
  for (const std::vector<index_t>& storage_chunks : {std::vector<index_t>{64, 1024}, std::vector<index_t>{}}) {
    std::string temporary(4096, '\0');
    if (rank() == 0) temporary.replace(0, 2048, temporary_name(path).append(2048, '\0'), 0, 2048);
    MPI_Bcast(temporary.data(), 4096, MPI_CHAR, 0, MPI_COMM_WORLD);
    temporary = temporary.c_str();

    const std::string text = error_of_all([&] {
      auto file = ParallelFile::create(MPI_COMM_WORLD, temporary, {{.name = "x", .shape = large, .storage_chunks = storage_chunks}});
      try {
        for (int i = rank(); i < 16; i += ranks())
          file.write(0, std::vector<index_t>{64 * i, 0}, Block::zeros(DType::float64, Shape{64, 1024}));
      } catch (const IoError&) {
      }
      file.close();
    });
    EXPECT_BEGINS(text, "IoError: H5Dwrite failed: dataset /x of " + temporary);
    EXPECT_HOLDS(text, "No space left on device");

    if (rank() == 0) discard(temporary);
    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_EQ(scratch::read_text(path), before);
  }
}

}  // namespace
}  // namespace ashlar::hdf5
