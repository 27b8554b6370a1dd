// to_parquet: a file for each partition, written by the worker that has it, under a temporary name until all are complete.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/io/parquet.hpp"
#include "ashlar/io/parquet_file_detail.hpp"

namespace ashlar {
namespace io {

void ParquetFormat::encode(Writer& out) const {
  out.text(compression);
  out.put(compression_level);
  out.put(row_group_size);
}
ParquetFormat ParquetFormat::decode(Reader& in) {
  ParquetFormat format;
  format.compression = in.text();
  format.compression_level = in.get<std::int64_t>();
  format.row_group_size = in.get<std::int64_t>();
  return format;
}

namespace {

// What went wrong with the file is a value: so all tasks end before temporary files are removed.
class WriteParquetOperation final : public OperationOf<WriteParquetOperation> {
 public:
  WriteParquetOperation(ParquetFormat format, std::vector<std::string> columns) : format_(std::move(format)), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    format_.encode(out);
    detail::encode_value(out, columns_);
  }
  static std::shared_ptr<const WriteParquetOperation> decode(Reader& in) {
    auto format = ParquetFormat::decode(in);
    return std::make_shared<WriteParquetOperation>(std::move(format), detail::decode_value<std::vector<std::string>>(in));
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const std::string file = in.text();
    std::string failed;
    try {
      write_parquet_file(file, task.inputs.at(0).get<Table>().select(columns_), format_);
    } catch (const IoError& e) {
      failed = e.what();
    }
    return Object::of(Table({"failed"}, {Column(std::vector<std::string>{failed})}));
  }

 private:
  ParquetFormat format_;
  std::vector<std::string> columns_;
};

class WriteParquetNode final : public dataframe::LayerNode {
 public:
  ParquetFormat format;
  std::vector<std::string> written, files;
  std::vector<Demand> demand(const std::vector<std::string>&) const override { return {written}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>&) const override {
    return std::make_shared<dataframe::PlanLayer>(
        name, npartitions, std::make_shared<WriteParquetOperation>(format, written),
        [tasks = inputs[0]](std::int64_t i, std::vector<TaskRef>& out) { out.push_back(tasks[static_cast<std::size_t>(i)]); },
        [each = files](std::int64_t i, Writer& out) { out.text(each[static_cast<std::size_t>(i)]); });
  }
};

// N of "part.N.parquet".
std::optional<std::int64_t> part_number(std::string_view name) {
  constexpr std::string_view begin = "part.", end = ".parquet";
  if (!name.starts_with(begin) || !name.ends_with(end) || name.size() <= begin.size() + end.size()) return std::nullopt;
  name.remove_prefix(begin.size());
  name.remove_suffix(end.size());
  std::int64_t number = 0;
  const auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || at != name.data() + name.size() || number < 0) return std::nullopt;
  return number;
}

std::string part_of(const std::string& folder, std::int64_t number) { return folder + "/part." + std::to_string(number) + ".parquet"; }

// Numbers of the parts in the folder; what writers that are gone left beside them is removed.
std::set<std::int64_t> parts_in(const std::string& folder) {
  std::set<std::int64_t> parts;
  std::set<std::string> left;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (const auto number = part_number(name)) parts.insert(*number);
    const std::size_t tilde = name.find('~');
    if (name.starts_with(".part.") && tilde != std::string::npos && part_number(name.substr(1, tilde - 1))) left.insert(folder + "/" + name.substr(1, tilde - 1));
  }
  if (error) throw IoError("cannot list the folder \"" + folder + "\": " + error.message());
  for (const std::string& file : left) hdf5::remove_leftovers(file);
  return parts;
}

// Temporary files that are gone when this is.
struct TemporaryParts {
  std::vector<std::string> files;
  ~TemporaryParts() {
    for (const std::string& file : files) hdf5::discard(file);
  }
};

}  // namespace
}  // namespace io

std::vector<std::string> to_parquet(const DataFrame& frame, const std::string& folder, const ToParquetOptions& options) {
  io::require_parquet("to_parquet");
  io::ParquetFormat format;
  format.compression = options.compression;
  format.compression_level = options.compression_level;
  format.row_group_size = options.row_group_size;
  if (format.row_group_size < 1) throw ValueError("to_parquet wants a row_group_size of at least one row, found " + std::to_string(format.row_group_size));
  format.check();
  if (frame.columns().empty()) throw ValueError("to_parquet wants a frame with at least one column");
  if (folder.empty()) throw ValueError("to_parquet wants the name of a folder, found \"\"");
  const std::string where = std::filesystem::absolute(folder).lexically_normal().string();
  std::error_code error;
  std::filesystem::create_directories(where, error);
  if (error) throw IoError("cannot make the folder \"" + folder + "\": " + error.message());
  const std::set<std::int64_t> before = io::parts_in(where);
  if (!before.empty() && !options.overwrite)
    throw ValueError("the folder \"" + folder + "\" holds part." + std::to_string(*before.begin()) + ".parquet already: choose another, or say .overwrite = true to have all its part.N.parquet replaced");

  auto write = std::make_shared<io::WriteParquetNode>();
  write->name = "to-parquet";
  write->token = write->rows = dataframe::new_token();
  write->npartitions = frame.npartitions();
  write->inputs = {frame.node()};
  write->sample = Table::empty({"failed"}, {ColumnType::string});
  write->format = std::move(format);
  write->written = frame.columns();
  std::vector<std::string> files;
  io::TemporaryParts temporary;
  for (std::int64_t i = 0; i < frame.npartitions(); ++i) {
    files.push_back(io::part_of(where, i));
    temporary.files.push_back(hdf5::temporary_name(files.back()));
  }
  write->files = temporary.files;
  const Table done = DataFrame(write).compute();
  for (std::int64_t i = 0; i < done.nrows(); ++i)
    if (const std::string_view failed = done["failed"].text(i); !failed.empty()) throw IoError(std::string(failed));
  for (std::size_t i = 0; i < files.size(); ++i) hdf5::publish(temporary.files[i], files[i]);
  temporary.files.clear();
  for (const std::int64_t number : before)
    if (number >= frame.npartitions()) hdf5::discard(io::part_of(where, number));
  return files;
}

std::vector<std::string> DataFrame::to_parquet(const std::string& folder, const ToParquetOptions& options) const { return ashlar::to_parquet(*this, folder, options); }

}  // namespace ashlar
