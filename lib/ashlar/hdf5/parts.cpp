#include "ashlar/hdf5/parts.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "ashlar/hdf5/attributes_detail.hpp"
#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/in_place_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"
#include "ashlar/hdf5/thread.hpp"

namespace ashlar::hdf5 {

namespace fs = std::filesystem;

namespace {

AttributeValue file_attribute(const std::string& path, const char* name) {
  return Thread::instance().run([&]() -> AttributeValue {
    const Place at{path};
    const Attributes all = read_attributes(open_file(path).file.get(), at);
    const auto found = std::find_if(all.begin(), all.end(), [&](const Attribute& a) { return a.name == name; });
    return found == all.end() ? AttributeValue(std::int64_t(0)) : found->value;
  });
}

// The parts that the file in place is made of; none when it is no such file, or there is none.
std::vector<std::string> parts_in_place(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};
  try {
    const AttributeValue value = file_attribute(path, parts_attribute);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
    if (const auto* one = std::get_if<std::string>(&value)) return {*one};
  } catch (const Error&) {
    // What is no HDF5 file is not made of parts.
  }
  return {};
}

// A file of such a name may be somebody else's.
bool is_part_of(const fs::path& file, const std::string& whole) {
  try {
    const AttributeValue of = file_attribute(file.string(), part_of_attribute);
    Thread::instance().run([&] { forget_open_file(file.string()); });
    const auto* name = std::get_if<std::string>(&of);
    return name && *name == whole;
  } catch (const Error&) {
    return false;
  }
}

std::string beginning(const fs::path& path, char set) { return path.stem().string() + "." + set + ".node"; }

}  // namespace

std::vector<std::string> part_names(const std::string& final_path, int count) {
  const fs::path path(real_path(final_path));
  const auto in_use = parts_in_place(path.string());
  const std::string first = beginning(path, 'a');
  const bool a_is_used = std::any_of(in_use.begin(), in_use.end(), [&](const std::string& name) { return name.starts_with(first); });
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back((path.parent_path() / (beginning(path, a_is_used ? 'b' : 'a') + std::to_string(i) + path.extension().string())).string());
  return names;
}

std::string absolute_name(const std::string& dataset) { return dataset_name(dataset); }

void make_virtual_file(const std::string& path, const std::vector<DatasetSpec>& datasets, const std::vector<std::string>& parts) {
  std::vector<std::string> names;
  for (const std::string& part : parts) names.push_back(fs::path(part).filename().string());
  Thread::instance().run([&] {
    forget_open_file(path);
    make_new_file(path, datasets, {{parts_attribute, names}});
  });
}

void remove_old_parts(const std::string& final_path) noexcept try {
  const fs::path path(real_path(final_path));
  const auto in_use = parts_in_place(path.string());
  const std::string ending = path.extension().string();
  std::vector<fs::path> old;
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(beginning(path, 'a')) && !name.starts_with(beginning(path, 'b'))) continue;
    const std::size_t from = beginning(path, 'a').size();
    const bool digits = name.size() > from + ending.size() && name.ends_with(ending) && name.substr(from, name.size() - from - ending.size()).find_first_not_of("0123456789") == std::string::npos;
    if (digits && std::find(in_use.begin(), in_use.end(), name) == in_use.end()) old.push_back(entry.path());
  }
  for (const fs::path& file : old)
    if (is_part_of(file, path.filename().string())) ::unlink(file.c_str());
} catch (...) {
  // They take space, and are looked for again at the next write.
}

}  // namespace ashlar::hdf5
