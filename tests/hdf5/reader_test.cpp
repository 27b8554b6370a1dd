// Files written by h5py, read by us.

#include "ashlar/hdf5/reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "ashlar/hdf5/thread.hpp"
#include "hdf5/scratch.hpp"

namespace ashlar::hdf5 {
namespace {

using scratch::part;
using Indices = std::vector<index_t>;

struct Reader : testing::Test {
  scratch::Folder folder{"reader-" + std::to_string(getpid())};
  std::string path = folder / "x.h5";

  /// Runs Python with `f` an open new file and `v(n)` the first n values of the test arrays.
  void h5py(const std::string& code, const std::string& mode = "w") {
    scratch::write_text(folder / "make.py", "import h5py, numpy as np\nv = lambda n: (np.arange(n) * 7 + 3) % 101\nwith h5py.File('" +
                                                path + "', '" + mode + "') as f:\n  " + code + "\n");
    ASSERT_EQ(std::system((PYTHON " " + (folder / "make.py")).c_str()), 0);
  }
  ~Reader() override { forget(path); }
};

/// "KeyError: …" of what `fn` throws.
template <class F>
std::string error_of(F fn) {
  try {
    fn();
  } catch (const Error& e) {
    return std::string(e.kind()) + ": " + e.what();
  }
  return "";
}

TEST_F(Reader, converts_every_type_to_those_that_hold_it) {
  h5py("for t in 'int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 >i4 >f8 float16'.split(): f[t] = v(12).astype(t)");
  const Shape shape{12};
  const auto is_read = [&]<class T>(const char* name, T) {
    return scratch::same_bytes(read(path, name, Indices{0}, shape, dtype_of<T>), part<T>(shape, {0}, shape));
  };
  EXPECT_TRUE(is_read("int8", std::int8_t()) && is_read("int8", std::int64_t()) && is_read("int8", 0.f) && is_read("int8", 0.));
  EXPECT_TRUE(is_read("uint8", std::uint8_t()) && is_read("uint8", std::int16_t()) && is_read("uint8", std::uint64_t()));
  EXPECT_TRUE(is_read("int16", std::int16_t()) && is_read("uint16", std::uint16_t()) && is_read("int32", std::int32_t()) &&
              is_read("uint32", std::uint32_t()));
  EXPECT_TRUE(is_read("int64", std::int64_t()) && is_read("uint64", std::uint64_t()) && is_read("int64", 0.));
  EXPECT_TRUE(is_read("float32", 0.f) && is_read("float32", 0.) && is_read("float64", 0.) && is_read("float64", 0.f));
  EXPECT_TRUE(is_read(">i4", std::int32_t()) && is_read(">f8", 0.) && is_read("float16", 0.f));
}

TEST_F(Reader, reads_bool_and_complex_as_h5py_writes_them) {
  h5py("f['b'] = v(20) % 2 == 1; f['c'] = v(20) + 1j * (v(20) + 1); f['c8'] = f['c'][()].astype('c8')");
  const Shape shape{20};
  EXPECT_EQ(describe(path, "b").dtype, DType::bool_);
  EXPECT_EQ(describe(path, "c").dtype, DType::complex128);
  EXPECT_TRUE(scratch::same_bytes(read(path, "b", Indices{0}, shape, DType::bool_), part<bool>(shape, {0}, shape)));
  EXPECT_TRUE(scratch::same_bytes(read(path, "c", Indices{0}, shape, DType::complex128), part<std::complex<double>>(shape, {0}, shape)));
  EXPECT_TRUE(scratch::same_bytes(read(path, "c8", Indices{0}, shape, DType::complex128), part<std::complex<double>>(shape, {0}, shape)));
  EXPECT_TRUE(scratch::same_bytes(read(path, "b", Indices{0}, shape, DType::int32), part<bool>(shape, {0}, shape).astype(DType::int32)));
  EXPECT_TRUE(
      scratch::same_bytes(read(path, "b", Indices{0}, shape, DType::float64), part<bool>(shape, {0}, shape).astype(DType::float64)));
}

TEST_F(Reader, reads_parts_with_steps_of_either_sign_from_any_storage) {
  h5py(
      "d = v(13 * 9 * 4).reshape(13, 9, 4).astype('f8'); f['contiguous'] = d; f.create_dataset('chunked', data=d, chunks=(5, 4, 3)); "
      "f.create_dataset('packed', data=d, chunks=(5, 4, 3), compression='gzip', shuffle=True)");
  const Shape shape{13, 9, 4};
  for (const char* name : {"contiguous", "chunked", "packed"})
    for (const auto& [start, count, step] : {std::tuple{Indices{0, 0, 0}, shape, Indices{1, 1, 1}},
                                             {Indices{2, 1, 1}, Shape{4, 3, 2}, Indices{2, 3, 2}},
                                             {Indices{12, 8, 3}, shape, Indices{-1, -1, -1}},
                                             {Indices{11, 0, 3}, Shape{4, 2, 3}, Indices{-3, 7, -1}},
                                             {Indices{5, 5, 1}, Shape{1, 1, 1}, Indices{-4, 9, 1}},
                                             {Indices{5, 5, 1}, Shape{0, 1, 1}, Indices{1, 1, 1}}})
      EXPECT_TRUE(scratch::same_bytes(read(path, name, start, count, DType::float64, step), part<double>(shape, start, count, step)))
          << name << to_string(count);
}

TEST_F(Reader, describes_shape_type_storage_and_attributes) {
  h5py(
      "d = f.create_dataset('/g/x', (100, 20), 'i2', chunks=(10, 20), compression='gzip', shuffle=True); "
      "d.attrs.update({'units': 'K', 'fixed': np.bytes_('abc'), 'n': 3, 'scale': 0.25, 'list': [1, 2, 3], 'names': ['a', 'b'], 'flag': "
      "True, 'big': np.uint64(2**63)}); f['e'] = h5py.Empty('f4'); f['s'] = 1.5");
  const DatasetInfo x = describe(path, "g//x/");
  EXPECT_EQ(x.name, "/g/x");
  EXPECT_EQ(x.dtype, DType::int16);
  EXPECT_EQ(x.shape, (Shape{100, 20}));
  EXPECT_EQ(x.storage_chunks, (Indices{10, 20}));
  EXPECT_EQ(x.filters, (std::vector<std::string>{"shuffle", "gzip"}));
  EXPECT_EQ(x.attributes, (Attributes{{"big", 9223372036854775808.0},
                                      {"fixed", "abc"},
                                      {"flag", std::int64_t(1)},
                                      {"list", std::vector<std::int64_t>{1, 2, 3}},
                                      {"n", std::int64_t(3)},
                                      {"names", std::vector<std::string>{"a", "b"}},
                                      {"scale", 0.25},
                                      {"units", "K"}}));
  EXPECT_TRUE(describe(path, "e").empty);
  EXPECT_EQ(describe(path, "s").shape, Shape{});
  EXPECT_EQ(read(path, "s", {}, Shape{}, DType::float64).item({}).as<double>(), 1.5);
}

TEST_F(Reader, sees_a_file_that_was_replaced_or_changed) {
  h5py("f['x'] = v(3)");
  const auto first = [&] { return read(path, "x", Indices{0}, Shape{1}, DType::int64).item(Indices{0}).as<std::int64_t>(); };
  EXPECT_EQ(first(), 3);
  h5py("f['x'] = v(3) + 1");
  EXPECT_EQ(first(), 4);
  h5py("f['x'][0] = 5", "r+");
  EXPECT_EQ(first(), 5);
  scratch::fs::copy_file(path, folder / "y.h5");
  h5py("f['x'] = v(3) + 3");
  scratch::fs::rename(folder / "y.h5", path);
  EXPECT_EQ(first(), 5);
}

TEST_F(Reader, reads_from_several_threads) {
  h5py("f.create_dataset('x', data=v(64 * 64).reshape(64, 64).astype('f8'), chunks=(16, 16))");
  const Shape shape{64, 64};
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (std::size_t t = 0; t < 4; t++)
    threads.emplace_back([&, t] {
      for (index_t i = 0; i < 64; i += 16)
        for (index_t j = 0; j < 64; j += 16)
          wrong[t] += !scratch::same_bytes(read(path, "x", Indices{i, j}, Shape{16, 16}, DType::float64),
                                           part<double>(shape, {i, j}, Shape{16, 16}));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST_F(Reader, more_files_than_stay_open_are_read) {
  h5py("f['x'] = v(3)");
  for (int i = 0; i < 40; i++) scratch::fs::copy_file(path, folder / (std::to_string(i) + ".h5"));
  for (int i = 0; i < 80; i++) EXPECT_EQ(describe(folder / (std::to_string(i % 40) + ".h5"), "x").shape, Shape{3});
  index_t open = 0;
  for (const auto& entry : scratch::fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    open += scratch::fs::read_symlink(entry.path(), gone).string().ends_with(".h5");
  }
  EXPECT_LE(open, 16);
  Thread::instance().stop();
}

TEST_F(Reader, a_file_that_was_removed_is_closed_when_nothing_is_read_for_a_while) {
  h5py("f['x'] = np.zeros(1000)");
  read(path, "x", Indices{0}, Shape{1000}, DType::float64);
  const auto held = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      count += std::filesystem::read_symlink(entry.path(), error).string().rfind(path, 0) == 0;
    }
    return count;
  };
  EXPECT_EQ(held(), 1);
  std::filesystem::remove(path);
  for (int tries = 0; tries < 100 && held() > 0; ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(held(), 0);
}

TEST_F(Reader, says_what_is_wrong_with_a_file) {
  EXPECT_EQ(error_of([&] { describe(path, "x"); }), "IoError: cannot read " + path + ": No such file or directory");
  EXPECT_EQ(error_of([&] { describe(folder / "", "x"); }), "IoError: cannot read " + (folder / "") + ": it is a folder");
  scratch::write_text(path, "latitude,longitude\n1,2\n");
  EXPECT_EQ(error_of([&] { describe(path, "x"); }), "IoError: " + path + " is not an HDF5 file: its signature is missing");
  scratch::write_text(path, "");
  EXPECT_EQ(error_of([&] { describe(path, "x"); }), "IoError: " + path + " is not an HDF5 file: its signature is missing");
  h5py("f['x'] = np.zeros(10000)");
  scratch::fs::resize_file(path, 5000);
  const std::string text = error_of([&] { describe(path, "x"); });
  EXPECT_EQ(text.substr(0, 25 + path.size()), "IoError: H5Fopen failed: " + path) << text;
  EXPECT_NE(text.find("truncated"), std::string::npos) << text;
}

TEST_F(Reader, says_what_is_wrong_with_a_dataset) {
  h5py(
      "f['/group/temperature'] = v(5); f['/group/time'] = v(3); f['text'] = ['a', 'b']; f['x'] = np.zeros((3, 4)); f['dangling'] = "
      "h5py.SoftLink('/none'); "
      "d = f.create_dataset('half', (3,)); d.attrs['ashlar_incomplete'] = 1");
  const auto read_error = [&](const char* name, DType type, Indices start, Shape count) {
    return error_of([&] { read(path, name, start, count, type); });
  };
  EXPECT_EQ(read_error("group/temprature", DType::float64, {0}, {1}),
            "KeyError: no dataset /group/temprature in " + path + "; there are /group/temperature, /group/time, /text, /half, /x");
  EXPECT_EQ(error_of([&] { describe(path, "dangling"); }).substr(0, 33), "KeyError: no dataset /dangling in");
  EXPECT_EQ(error_of([&] { describe(path, "group"); }), "TypeError: /group of " + path + " is not a dataset");
  EXPECT_EQ(error_of([&] { describe(path, ""); }), "ValueError: the name of a dataset is missing: \"\"");
  EXPECT_EQ(read_error("text", DType::float64, {0}, {1}),
            "TypeError: cannot read dataset /text of " + path + " as float64: it holds string");
  EXPECT_EQ(read_error("x", DType::int32, {0, 0}, {1, 1}),
            "TypeError: cannot read dataset /x of " + path +
                " as int32: it holds float64, whose values might not fit; read it as float64 and convert with astype");
  EXPECT_EQ(read_error("x", DType::float64, {2, 0}, {2, 4}),
            "IndexError: the part leaves dataset /x of " + path + ": axis 0, start 2, count 2, step 1, length 3");
  EXPECT_EQ(read_error("x", DType::float64, {0}, {1}), "ShapeError: dataset /x of " + path + " has 2 axes, the part wanted has 1");
  EXPECT_EQ(read_error("half", DType::float32, {0}, {3}).substr(0, 29), "IoError: cannot read dataset ");
  EXPECT_TRUE(describe(path, "half").incomplete);
}

}  // namespace
}  // namespace ashlar::hdf5
