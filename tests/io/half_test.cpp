// The type of elements in the file: half floats, and any other of arrays. NumPy and h5py say what is right.
#include <ashlar/ashlar.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "harness/job_main.hpp"
#include "test_files.hpp"

namespace al = ashlar;
using test_files::contains, test_files::Folder, test_files::h5py, test_files::message_of;

namespace {

// All borders between neighbouring half floats, and the doubles beside them; then what is special. 2 * 3 * 31744 numbers and 16.
constexpr int borders = 31744, specials = 16, numbers = 6 * borders + specials;
al::NDArray<double> border_numbers() {
  const auto value = [](int h) { return h >> 10 ? std::ldexp(1024 + (h & 1023), (h >> 10) - 25) : std::ldexp(h, -24); };
  std::vector<double> all;
  for (int h = 0; h < borders; ++h) {
    const double middle = (value(h) + value(h + 1)) / 2;
    for (const double x : {std::nextafter(middle, 0.0), middle, std::nextafter(middle, 1e9)}) {
      all.push_back(x);
      all.push_back(-x);
    }
  }
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double x : {0.0, 1.0, 65504.0, 65520.0, 1e300, infinity, nan, 5e-324}) {
    all.push_back(x);
    all.push_back(-x);
  }
  return al::NDArray<double>(al::Shape({numbers}), all);
}

// Python: `w` is what NumPy makes half floats of, `same(a, b)` compares bits.
const std::string wanted = R"(h = numpy.arange(0x7c00, dtype="u2").view("f2").astype("f8")
m = (h + numpy.append(h[1:], 65536.0)) / 2
x = numpy.stack([numpy.nextafter(m, 0), m, numpy.nextafter(m, 1e9)], 1).ravel()
x = numpy.append(x, [0, 1, 65504, 65520, 1e300, numpy.inf, numpy.nan, 5e-324])
numpy.seterr(all="ignore")
w = numpy.stack([x, -x], 1).ravel().astype("f2")
same = lambda a, b: a.dtype == b.dtype and (a.view("u2") == b.view("u2")).all()
)";

template <class T>
bool same_numbers(const al::NDArray<T>& found, const al::NDArray<T>& other) {
  bool same = found.shape() == other.shape();
  for (al::index_t i = 0; same && i < found.size(); ++i) {
    const T a = found.data()[i], b = other.data()[i];
    same = std::isnan(b) ? std::isnan(a) : a == b && std::signbit(a) == std::signbit(b);
  }
  return same;
}

// What h5py reads, as float.
al::NDArray<float> values_by_hand(const al::NDArray<double>& of) {
  std::vector<float> all;
  for (al::index_t i = 0; i < of.size(); ++i) {
    const double x = of.data()[i], a = std::abs(x);
    if (std::isnan(x) || std::isinf(x)) {
      all.push_back(static_cast<float>(x));
      continue;
    }
    const double unit = std::ldexp(1, std::max(a == 0 ? -14 : std::ilogb(a), -14) - 10), rounded = std::nearbyint(a / unit) * unit;
    all.push_back(static_cast<float>(std::copysign(rounded >= 65536 ? std::numeric_limits<double>::infinity() : rounded, x)));
  }
  return al::NDArray<float>(of.shape(), all);
}

TEST(Hdf5Half, every_border_is_rounded_as_numpy_rounds_it_in_every_kind_of_storage) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const al::NDArray<double> local = border_numbers();
  const auto x = al::from_array(local, {.chunks = 30'000});
  const std::string said = wanted + "d = f[\"x\"]\nprint(d.chunks, d.compression, d.shuffle, d.fletcher32, same(d[()], w))";
  const std::string n = std::to_string(numbers);

  const auto reads_back = [&] {
    const al::NDArray<float> values = values_by_hand(local);
    EXPECT_TRUE(same_numbers(al::from_hdf5<float>(file, "/x").compute(), values));
    EXPECT_TRUE(same_numbers(al::from_hdf5<double>(file, "/x", {.chunks = 50'000}).compute(), values.astype<double>()));
    EXPECT_TRUE(same_numbers(al::from_hdf5<double>(file, "/x")(al::range(190'000, 5, -7)).compute(), values(al::range(190'000, 5, -7)).astype<double>()));
  };
  x.to_hdf5(file, "/x", {.dtype = "float16"});
  EXPECT_EQ(h5py(file, said), "(30000,) None False False True");
  reads_back();
  x.rechunk({{100'000, numbers - 120'000, 20'000}}).to_hdf5(file, "/x", {.dtype = "float16"});
  EXPECT_EQ(h5py(file, said), "None None False False True");
  reads_back();
  x.to_hdf5(file, "/x", {.dtype = "float16", .storage_chunks = {7000}, .compression = "gzip", .shuffle = true, .fletcher32 = true});
  EXPECT_EQ(h5py(file, said), "(7000,) gzip True True True");
  reads_back();
  x.to_hdf5(file, "/x", {.dtype = "float16", .fletcher32 = true});
  EXPECT_EQ(h5py(file, said), "(30000,) None False True True");
  x.to_hdf5(file, "/x", {.dtype = "float16", .workers_per_file = 1});
  EXPECT_EQ(h5py(file, "print(f[\"x\"].is_virtual)\n" + said), "True\nNone None False False True");
  reads_back();
  x.to_hdf5(file, "/x", {.dtype = "float16", .compression = "gzip", .shuffle = true, .workers_per_file = 2});
  EXPECT_EQ(h5py(file, "print(f[\"x\"].is_virtual)\n" + said), "True\nNone None False False True");
  reads_back();
  std::ostringstream tree;
  tree << al::info_hdf5(file);
  EXPECT_TRUE(contains(tree.str(), "x  float16  (" + n + ",)")) << tree.str();
}

TEST(Hdf5Half, all_65536_of_h5py_are_read_and_written_back) {
  const Folder folder;
  const std::string file = folder / "x.h5", other = folder / "y.h5";
  al::ones<double>({1}).to_hdf5(file, "/one");
  EXPECT_EQ(h5py(file, "f.close()\nf = h5py.File(\"" + file + "\", \"a\")\na = numpy.arange(65536, dtype=\"u2\").view(\"f2\").reshape(256, 256)\n"
                       "f[\"plain\"] = a\nf[\"big\"] = a.astype(\">f2\")\n"
                       "f.create_dataset(\"packed\", data=a, chunks=(50, 60), compression=\"gzip\", shuffle=True, fletcher32=True)\nf.close()"), "");
  const std::string all = "a = numpy.arange(65536, dtype=\"u2\").view(\"f2\").reshape(256, 256)\nb = f[\"x\"][()]\n"
                          "print(b.dtype, (a.view(\"u2\") == b.view(\"u2\")).all())";
  for (const char* name : {"/plain", "/big", "/packed"}) {
    for (const al::ChunkSpec& chunks : {al::ChunkSpec{100, 120}, al::ChunkSpec{256, 256}, al::ChunkSpec{7, 256}}) {
      al::from_hdf5<float>(file, name, {.chunks = chunks}).to_hdf5(other, "/x", {.dtype = "float16"});
      EXPECT_EQ(h5py(other, all), "float16 True") << name;
    }
    al::from_hdf5<double>(file, name).to_hdf5(other, "/x", {.dtype = "float16"});
    EXPECT_EQ(h5py(other, all), "float16 True") << name;
    // A slice reads its own elements only.
    const auto slice = [&](const char* of) { return al::from_hdf5<double>(file, of)(al::range(250, 3, -9), al::range(2, 256, 3)).compute(); };
    EXPECT_TRUE(same_numbers(slice(name), slice("/plain")));
  }
  // Into the other byte order, too.
  al::store(al::full({256}, 1 + std::ldexp(1, -11) + std::ldexp(1, -40)), al::Hdf5Target{file, "/big", {3, al::all}});
  EXPECT_EQ(h5py(file, "d = f[\"big\"]\nprint(d.dtype, (d[3] == 1 + 2.0**-10).all(), (d[4].astype(\"f2\").view(\"u2\") == numpy.arange(1024, 1280)).all())"),
            ">f2 True True");
}

TEST(Hdf5Half, what_is_there_keeps_its_type_when_it_is_written_in_place) {
  const Folder folder;
  for (const std::string compression : {"", "gzip"}) {
    const std::string file = folder / ("x" + compression + ".h5");
    const auto x = al::arange<double>(0, 600, {.chunks = 200}).reshape({20, 30}).rechunk({6, 7}) * 1.001;
    const std::string ramp = "w = numpy.zeros((20, 30), \"f8\")\nr = numpy.arange(600.0).reshape(20, 30) * 1.001\n";
    al::zeros<double>({20, 30}, {.chunks = {6, 7}}).to_hdf5(file, "/x", {.dtype = "float16", .compression = compression, .shuffle = !compression.empty()});
    al::Hdf5Target region{file, "/x", {al::range(0, 12), al::range(7, 21)}};
    al::store(x(al::range(0, 12), al::range(7, 21)), region);  // whole storage chunks
    al::store(x.astype<float>()(al::range(13, 20, 2), al::range(29, 0, -3)), al::Hdf5Target{file, "/x", {al::range(13, 20, 2), al::range(29, 0, -3)}});
    al::store((x(12, al::all) > 370).astype<std::int8_t>() * 3, al::Hdf5Target{file, "/x", {12, al::all}});
    EXPECT_EQ(h5py(file, ramp + "w[0:12, 7:21] = r[0:12, 7:21]\nw[13:20:2, 29:0:-3] = r.astype(\"f4\")[13:20:2, 29:0:-3]\nw[12] = 3 * (r[12] > 370)\n"
                         "d = f[\"x\"]\nprint(d.dtype, (d[()] == w.astype(\"f2\")).all(), len(d.attrs))"),
              "float16 True 0");
    // The whole in place; then, in another dataset, piece after piece.
    x.to_hdf5(file, "/x", {.mode = "a", .dtype = "float16"});
    x.to_hdf5(file, "/grown", {.mode = "a", .dtype = "float16", .compression = compression, .append_axis = 0});
    (x * 2).to_hdf5(file, "/grown", {.mode = "a", .append_axis = 0});
    (x * 3).astype<float>().to_hdf5(file, "/grown", {.mode = "a", .dtype = "float16", .append_axis = 0});
    EXPECT_EQ(h5py(file, ramp + "d = f[\"grown\"]\nw = numpy.concatenate([r, r * 2, (r * 3).astype(\"f4\")]).astype(\"f2\")\n"
                         "print(f[\"x\"].dtype, (f[\"x\"][()] == r.astype(\"f2\")).all())\n"
                         "print(d.dtype, d.shape, d.compression or \"\", (d[()] == w).all(), len(d.attrs))"),
              "float16 True\nfloat16 (60, 30) " + compression + " True 0");
  }
}

TEST(Hdf5Half, several_types_in_one_run_and_lengths_that_are_not_known) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = al::arange<double>(0, 3000, {.chunks = 700});
  const auto half = [&](const std::string& name) { return al::Hdf5Target{file, name, al::ellipsis, {.dtype = "float16"}}; };
  al::store({x, x.astype<std::int64_t>() * 37, x > 1500, x, x(x > 1000), al::zeros<double>({0, 3}), x.sum()},
            {half("/x"), al::Hdf5Target{file, "/i", al::ellipsis, {.dtype = "float16", .compression = "gzip"}}, half("/b"), al::Hdf5Target{file, "/plain"},
             half("/some"), half("/none"), half("/sum")});
  EXPECT_EQ(h5py(file, "numpy.seterr(all=\"ignore\")\nx = numpy.arange(3000.0)\nh = lambda k, v: (f[k].dtype, (f[k][()] == v.astype(\"f2\")).all())\n"
                       "print(*h(\"x\", x), *h(\"i\", x.astype(\"i8\") * 37), *h(\"b\", x > 1500), *h(\"some\", x[x > 1000]))\n"
                       "print(f[\"plain\"].dtype, f[\"none\"].dtype, f[\"none\"].shape, f[\"sum\"][()])"),
            "float16 True float16 True float16 True float16 True\nfloat64 float16 (0, 3) inf");
}

TEST(Hdf5Half, other_types_are_converted_as_by_astype) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto x = al::arange<double>(0, 500, {.chunks = 120}) * 0.2 - 10;  // within int8
  for (const std::string compression : {"", "gzip"})
    for (const std::string type : {"bool", "int8", "int16", "int32", "int64", "float32", "float64", "complex64", "complex128"}) {
      x.to_hdf5(file, "/x", {.dtype = type, .compression = compression});
      EXPECT_EQ(h5py(file, "x = numpy.arange(500.0) * 0.2 - 10\nprint(f[\"x\"].dtype, (f[\"x\"][()] == x.astype(f[\"x\"].dtype)).all())"), type + " True");
    }
  x.astype<std::int32_t>().to_hdf5(file, "/x", {.dtype = "uint8"});
  EXPECT_TRUE(al::all(al::from_hdf5<std::uint8_t>(file, "/x") == x.astype<std::int32_t>().astype<std::uint8_t>()).compute());
}

TEST(Hdf5Half, errors_name_what_was_wanted_and_found_and_change_nothing) {
  const Folder folder;
  const std::string file = folder / "x.h5", none = folder / "none.h5";
  const auto x = al::arange<double>(0, 8, {.chunks = 4});
  const auto z = x.astype<std::complex<double>>();
  x.to_hdf5(file, "/x", {.dtype = "float16", .maxshape = {al::unlimited}});
  x.to_hdf5(file, "/d", {.mode = "a"});
  const auto refused = [&]<class E>(std::type_identity<E>, const auto& what, std::initializer_list<const char*> parts) {
    const std::string message = message_of<E>(what);
    for (const char* part : parts) EXPECT_TRUE(contains(message, part)) << part << " is not in: " << message;
  };
  const auto type_error = std::type_identity<al::TypeError>();
  const auto io_error = std::type_identity<al::IoError>();
  for (const char* name : {"half", "f2", "string", "Float16"})
    refused(type_error, [&] { x.to_hdf5(none, "/g/x", {.dtype = name}); }, {"no such element type: \"", name, "/g/x", none.c_str(), "uint64", "float16"});
  refused(type_error, [&] { z.to_hdf5(none, "/z", {.dtype = "float16"}); }, {"/z", none.c_str(), "float16", "complex128", "al::real"});
  refused(type_error, [&] { z.to_hdf5(none, "/z", {.dtype = "int16"}); }, {"\"int16\"", "complex128"});
  // The second of a call: the first is not made either.
  const al::Hdf5Target a{none, "/a"}, b{none, "/b", al::ellipsis, {.dtype = "float16"}};
  refused(type_error, [&] { al::store({x, z}, {a, b}); }, {"/b", "complex128"});
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.h5"});
  // What is there has another type.
  refused(io_error, [&] { x.astype<float>().to_hdf5(file, "/x", {.mode = "a"}); }, {"/x", file.c_str(), "holds float16", "float32", ".dtype"});
  refused(io_error, [&] { x.to_hdf5(file, "/d", {.mode = "a", .dtype = "float16"}); }, {"/d", "holds float64", "float16"});
  refused(io_error, [&] { x.to_hdf5(file, "/x", {.mode = "a", .dtype = "float32", .append_axis = 0}); }, {"/x", "holds float16", "\"float32\""});
  const al::Hdf5Target region{file, "/x", {al::range(0, 8)}}, half_region{file, "/x", {al::range(0, 8)}, {.dtype = "float16"}};
  refused(std::type_identity<al::ValueError>(), [&] { al::store(x, half_region); }, {"/x", file.c_str(), "region", "float16"});
  // Numbers that might not fit, before the dataset is marked.
  refused(type_error, [&] { al::store(x.astype<std::int32_t>(), region); }, {"int32", "/x", file.c_str(), "float16", "astype"});
  refused(type_error, [&] { al::store(x.astype<std::int16_t>(), region); }, {"int16", "float16"});
  refused(type_error, [&] { z.to_hdf5(file, "/x", {.mode = "a", .append_axis = 0}); }, {"complex128", "float16"});
  EXPECT_EQ(h5py(file, "print([(str(f[k].dtype), float(f[k][()].sum()), len(f[k].attrs)) for k in \"xd\"])"), "[('float16', 28.0, 0), ('float64', 28.0, 0)]");
}

}  // namespace

ASHLAR_JOB_MAIN()
