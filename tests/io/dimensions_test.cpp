// Names and coordinates of axes, and packed variables of NetCDF: written files are read by h5py, and climate.nc was written and decoded by
// others (climate.py).
#include <ashlar/ashlar.hpp>

#include <cmath>
#include <filesystem>

#include "harness/job_main.hpp"
#include "test_files.hpp"

namespace al = ashlar;
using test_files::contains, test_files::Folder, test_files::h5py, test_files::message_of;

namespace {

const std::string climate = std::string(ASHLAR_TEST_FOLDER) + "/climate.nc";

std::vector<std::string> names(const std::vector<al::Hdf5Dimension>& dims) {
  std::vector<std::string> all;
  for (const auto& dimension : dims) all.push_back(dimension.name);
  return all;
}

TEST(Hdf5Dimensions, datasets_of_one_run_are_the_scales_of_axes_with_their_names) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  const auto t = al::arange<double>(0, 6), y = al::arange<double>(0, 4) * 10;
  const auto x = al::arange<double>(0, 24 * 3).reshape({6, 4, 3}).rechunk({2, 4, 3});
  al::store({x, t, y}, {al::Hdf5Target{file, "/run/x", al::ellipsis, {.dims = {"time", "y", ""}}}, al::Hdf5Target{file, "/time", al::ellipsis, {.dims = {"time"}}},
                        al::Hdf5Target{file, "/run/y"}});
  EXPECT_EQ(h5py(file, "d = f[\"run/x\"].dims\nprint([a.label for a in d], [[s.name for s in a.values()] for a in d], d[1][0][()], h5py.h5ds.is_scale(f[\"time\"].id), h5py.h5ds.is_scale(f[\"run/y\"].id))"),
            "['time', 'y', ''] [['/time'], ['/run/y'], []] [ 0. 10. 20. 30.] True True");
  const auto dims = al::dims_hdf5(file, "/run/x");
  EXPECT_EQ(names(dims), (std::vector<std::string>{"time", "y", ""}));
  EXPECT_EQ(dims[0].scales, std::vector<std::string>{"/time"});
  EXPECT_EQ(dims[1].scales, std::vector<std::string>{"/run/y"});
  EXPECT_TRUE(dims[2].scales.empty());
  EXPECT_EQ(dims[2].length, 3);
  EXPECT_EQ(names(al::dims_hdf5(file, "/time")), std::vector<std::string>{"time"});
  EXPECT_TRUE(al::attributes_hdf5(file, "/run/x").empty());
  EXPECT_TRUE(contains(al::info_hdf5(file).text(), "dims (time, y, -)"));
  EXPECT_TRUE(al::all(al::from_hdf5<double>(file, "/run/x") == x).compute());

  // A dataset that is added finds the scales that are there.
  (x(al::all, 0, 0) * 2).to_hdf5(file, "/run/z", {.mode = "a", .dims = {"time"}});
  EXPECT_EQ(h5py(file, "print(f[\"run/z\"].dims[0].label, f[\"run/z\"].dims[0][0].name, len(f[\"run/x\"].dims[0]), len(f[\"run/z\"].attrs))"), "time /time 1 2");
  // And one that grows with its scale keeps it.
  const std::string growing = folder / "growing.h5";
  for (int step = 0; step < 3; ++step) {
    al::Hdf5Target values{growing, "/x"}, times{growing, "/time"};
    values.options = {.mode = "a", .append_axis = 0, .dims = {"time", "y"}};
    times.options = {.mode = "a", .append_axis = 0};
    al::store({al::full({2, 3}, static_cast<double>(step)), al::full({2}, static_cast<double>(step))}, {values, times});
  }
  EXPECT_EQ(h5py(growing, "d = f[\"x\"].dims\nprint(f[\"x\"].shape, [a.label for a in d], len(d[0]), d[0][0][()])"), "(6, 3) ['time', 'y'] 1 [0. 0. 1. 1. 2. 2.]");
}

TEST(Hdf5Dimensions, that_do_not_fit_are_refused_and_the_old_file_stays) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::ones<double>({2}).to_hdf5(file, "/old");
  const auto x = al::ones<double>({6, 4});
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { x.to_hdf5(file, "/x", {.dims = {"time"}}); }), "names 1, axes 2"));
  const auto other_length = [&] {
    al::store({x, al::ones<double>({5})}, {al::Hdf5Target{file, "/x", al::ellipsis, {.dims = {"time", "y"}}}, al::Hdf5Target{file, "/time"}});
  };
  const std::string said = message_of<al::Error>(other_length);
  EXPECT_TRUE(contains(said, "length 6") && contains(said, "/time has 5")) << said;
  EXPECT_EQ(h5py(file, "print(list(f))"), "['old']");
  // In place as well, and what is there stays readable.
  const std::string grown = folder / "grown.h5";
  const auto append = [&](al::index_t times) {
    al::Hdf5Target values{grown, "/g/x"}, t{grown, "/time"};
    values.options = {.mode = "a", .append_axis = 0, .dims = {"time", ""}};
    t.options = {.mode = "a", .append_axis = 0};
    al::store({al::ones<double>({2, 3}), al::ones<double>({times})}, {values, t});
  };
  append(2);
  EXPECT_TRUE(contains(message_of<al::Error>([&] { append(3); }), "/time has 5"));
  append(2);
  EXPECT_EQ(h5py(grown, "print(f[\"g/x\"].shape, f[\"time\"].shape, \"ashlar_incomplete\" in f[\"g/x\"].attrs)"), "(4, 3) (4,) False");
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { al::store(al::ones<double>({3}), al::Hdf5Target{grown, "/g/x", {0, al::all}, {.dims = {"y"}}}); }), "region"));
  std::filesystem::remove(grown);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.h5"});
}

TEST(NetCdf, dimensions_are_those_that_its_library_wrote) {
  EXPECT_EQ(names(al::dims_hdf5(climate, "t")), (std::vector<std::string>{"time", "lat", "lon"}));
  const auto dims = al::dims_hdf5(climate, "t");
  EXPECT_EQ(dims[1].scales, std::vector<std::string>{"/lat"});
  EXPECT_TRUE(dims[2].scales.empty());  // a dimension without a variable
  EXPECT_EQ(dims[0].length, 4);
  EXPECT_EQ(names(al::dims_hdf5(climate, "lat")), std::vector<std::string>{"lat"});
  EXPECT_TRUE(contains(al::info_hdf5(climate).text(), "dims (time, lat, lon)"));
}

template <class T>
void expect_decoded(const std::string& name) {
  const auto wanted = al::from_hdf5<T>(climate, "/decoded/" + name);
  const auto found = al::from_hdf5<T>(climate, name, {.mask_and_scale = true});
  ASSERT_EQ(found.shape(), wanted.shape()) << name;
  // The same bits, or neither is a number.
  EXPECT_TRUE(al::all((found == wanted) | (al::isnan(found) & al::isnan(wanted))).compute()) << name << "\n" << found.compute() << "\n" << wanted.compute();
}

TEST(NetCdf, packed_variables_are_decoded_as_xarray_does) {
  for (const char* name : {"t", "count", "height", "plain"}) expect_decoded<double>(name);
  for (const char* name : {"cloud", "wind", "flag"}) expect_decoded<float>(name);
  // Without being asked, elements are as they stand.
  EXPECT_EQ(al::from_hdf5<std::int16_t>(climate, "t")(0, 0, 0).compute().item(), -32768);
  // A slice is decoded from its own elements, in any chunks.
  const auto t = al::from_hdf5<double>(climate, "t", {.chunks = {2, 1, 5}, .mask_and_scale = true});
  EXPECT_TRUE(std::isnan(t(1, 2, 3).compute().item()));
  EXPECT_EQ(al::isnan(t).sum().compute(), 2);
  EXPECT_TRUE(contains(message_of<al::TypeError>([&] { al::from_hdf5<std::int32_t>(climate, "count", {.mask_and_scale = true}); }), "float or double"));
}

TEST(NetCdf, attributes_that_are_no_numbers_are_refused) {
  const Folder folder;
  const std::string file = folder / "x.h5";
  al::ones<double>({3}).to_hdf5(file, "/x", {.attributes = {{"scale_factor", "much"}}});
  EXPECT_TRUE(contains(message_of<al::ValueError>([&] { al::from_hdf5<double>(file, "/x", {.mask_and_scale = true}); }), "\"much\""));
  // What does not fit into the type of the file equals none of its elements.
  const auto bytes = al::arange<std::int32_t>(0, 256).astype<std::uint8_t>();
  bytes.to_hdf5(file, "/x", {.attributes = {{"_FillValue", -1}, {"missing_value", std::vector<al::index_t>{3, 511}}}});
  EXPECT_EQ(al::isnan(al::from_hdf5<float>(file, "/x", {.mask_and_scale = true})).sum().compute(), 1);
}

}  // namespace

ASHLAR_JOB_MAIN()
