// read_parquet: footers are read when the frame is built, one task for each file; row groups when they are needed.

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "ashlar/dataframe/csv_file.hpp"
#include "ashlar/io/parquet.hpp"
#include "ashlar/io/parquet_file_detail.hpp"

namespace ashlar {
namespace io {

void ParquetInfo::encode(Writer& out) const {
  out.put<std::uint64_t>(columns.size());
  for (const ParquetColumn& column : columns) {
    out.text(column.name);
    out.put(column.type);
    out.put(column.missing);
    out.text(column.unsupported);
    out.array(column.bytes);
  }
  out.array(rows);
}
ParquetInfo ParquetInfo::decode(Reader& in) {
  ParquetInfo info;
  info.columns.resize(in.get<std::uint64_t>());
  for (ParquetColumn& column : info.columns) {
    column.name = in.text();
    column.type = in.get<ColumnType>();
    column.missing = in.get<bool>();
    column.unsupported = in.text();
    column.bytes = in.array<std::int64_t>();
  }
  info.rows = in.array<std::int64_t>();
  return info;
}

namespace {

namespace fs = std::filesystem;

// Which bytes a file had when the frame was built.
struct ParquetStamp {
  std::int64_t size = 0, seconds = 0, nanoseconds = 0;
  friend bool operator==(const ParquetStamp&, const ParquetStamp&) = default;
};

ParquetStamp stamp_of(const std::string& file) {
  struct stat s {};
  if (::stat(file.c_str(), &s) != 0) throw IoError("cannot open \"" + file + "\": " + std::strerror(errno));
  if (S_ISDIR(s.st_mode)) throw IoError("\"" + file + "\" is a folder where a Parquet file is wanted");
  return {s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
}

struct ParquetFooter {
  ParquetStamp stamp;
  ParquetInfo info;
  void encode(Writer& out) const {
    out.put(stamp);
    info.encode(out);
  }
  static ParquetFooter decode(Reader& in) {
    const auto stamp = in.get<ParquetStamp>();
    return {stamp, ParquetInfo::decode(in)};
  }
};

class ParquetFooterOperation final : public OperationOf<ParquetFooterOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const ParquetFooterOperation> decode(Reader&) { return std::make_shared<ParquetFooterOperation>(); }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const std::string file = in.text();
    const ParquetStamp stamp = stamp_of(file);
    return Object::of(ParquetFooter{stamp, parquet_info(file)});
  }
};

// Row groups of one file that make a partition.
struct ParquetPiece {
  std::string file;
  ParquetStamp stamp;
  std::int64_t first = 0, count = 0;
};

class ReadParquetOperation final : public OperationOf<ReadParquetOperation> {
 public:
  ReadParquetOperation(std::vector<std::string> names, std::vector<ColumnType> types) : names_(std::move(names)), types_(std::move(types)) {}
  void encode(Writer& out) const override {
    detail::encode_value(out, names_);
    out.array(types_);
  }
  static std::shared_ptr<const ReadParquetOperation> decode(Reader& in) {
    auto names = detail::decode_value<std::vector<std::string>>(in);
    return std::make_shared<ReadParquetOperation>(std::move(names), in.array<ColumnType>());
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const std::string file = in.text();
    const auto stamp = in.get<ParquetStamp>();
    const auto first = in.get<std::int64_t>(), count = in.get<std::int64_t>();
    if (!(stamp_of(file) == stamp)) throw IoError("\"" + file + "\" changed since read_parquet looked at it");
    const Table read = read_parquet_groups(file, names_, first, count);
    std::vector<Column> columns;
    for (std::size_t c = 0; c < names_.size(); ++c) {
      Column column = read[names_[c]];
      if (column.type() != types_[c]) {
        // What read_parquet let pass: a column of this file that is missing from end to end.
        if (column.null_count() != column.size())
          throw IoError("the column \"" + names_[c] + "\" of \"" + file + "\" is of " + std::string(name(column.type())) + ", wanted " + std::string(name(types_[c])));
        column = Column::nulls(types_[c], column.size());
      }
      columns.push_back(std::move(column));
    }
    return Object::of(Table(names_, std::move(columns)));
  }

 private:
  std::vector<std::string> names_;
  std::vector<ColumnType> types_;
};

class ReadParquetNode final : public dataframe::LayerNode {
 public:
  std::vector<ParquetPiece> pieces;
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>&, const std::vector<std::string>& wanted) const override {
    std::vector<std::string> names;
    std::vector<ColumnType> types;
    for (const std::string& column : columns())
      if (std::find(wanted.begin(), wanted.end(), column) != wanted.end()) {
        names.push_back(column);
        types.push_back(table()[column].type());
      }
    return std::make_shared<dataframe::PlanLayer>(name, npartitions, std::make_shared<ReadParquetOperation>(std::move(names), std::move(types)), dataframe::PlanLayer::Inputs(),
                                                  [each = pieces](std::int64_t i, Writer& out) {
                                                    const ParquetPiece& piece = each[static_cast<std::size_t>(i)];
                                                    out.text(piece.file);
                                                    out.put(piece.stamp);
                                                    out.put(piece.first);
                                                    out.put(piece.count);
                                                  });
  }
};

// "part.9" before "part.10".
bool natural_less(const std::string& a, const std::string& b) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t i = 0, k = 0;
  while (i < a.size() && k < b.size()) {
    if (!digit(a[i]) || !digit(b[k])) {
      if (a[i] != b[k]) return a[i] < b[k];
      ++i, ++k;
      continue;
    }
    const auto number = [&](const std::string& text, std::size_t& at) {
      while (at + 1 < text.size() && text[at] == '0' && digit(text[at + 1])) ++at;
      const std::size_t begin = at;
      while (at < text.size() && digit(text[at])) ++at;
      return text.substr(begin, at - begin);
    };
    const std::string x = number(a, i), y = number(b, k);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
  }
  if ((i < a.size()) != (k < b.size())) return k < b.size();
  return a < b;
}

std::vector<std::string> parquet_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::vector<std::string> found;
    std::error_code none;
    if (fs::is_directory(path, none)) {
      std::error_code error;
      for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
        const std::string extension = at->path().extension().string(), name = at->path().filename().string();
        if ((extension == ".parquet" || extension == ".parq") && name[0] != '.' && name[0] != '_') found.push_back(at->path().string());
      }
      if (error) throw IoError("cannot list the folder \"" + path + "\": " + error.message());
      if (found.empty()) throw IoError("no file of the folder \"" + path + "\" ends in .parquet or .parq");
    } else {
      found = dataframe::files_matching(path);
    }
    std::sort(found.begin(), found.end(), natural_less);
    for (const std::string& file : found) files.push_back(fs::absolute(file).string());
  }
  if (files.empty()) throw ValueError("read_parquet wants at least one file, found none");
  return files;
}

std::vector<ParquetFooter> footers_of(const std::vector<std::string>& files) {
  GraphBuilder builder;
  const auto number = builder.add(std::make_shared<dataframe::PlanLayer>("parquet-footers", static_cast<std::int64_t>(files.size()), std::make_shared<ParquetFooterOperation>(),
                                                                         dataframe::PlanLayer::Inputs(),
                                                                         [&files](std::int64_t i, Writer& out) { out.text(files[static_cast<std::size_t>(i)]); }));
  std::vector<TaskRef> wanted;
  for (std::size_t i = 0; i < files.size(); ++i) wanted.push_back({number, static_cast<std::int64_t>(i)});
  std::vector<ParquetFooter> out;
  try {
    for (const Object& each : detail::evaluate(std::move(builder), wanted)) out.push_back(each.get<ParquetFooter>());
  } catch (const TaskError& e) {
    if (e.where().type == "IoError") throw IoError(e.where().message);
    throw;
  }
  return out;
}

const ParquetColumn* column_of(const ParquetInfo& info, const std::string& name) {
  for (const ParquetColumn& column : info.columns)
    if (column.name == name) return &column;
  return nullptr;
}

// The columns of the first file that were asked for, once it is known that all files have them alike.
std::vector<ParquetColumn> common_schema(const std::vector<std::string>& files, const std::vector<ParquetFooter>& footers, const Names& asked) {
  const ParquetInfo& first = footers[0].info;
  std::vector<std::string> all;
  for (const ParquetColumn& column : first.columns) all.push_back(column.name);
  for (const std::string& name : asked.v)
    if (!column_of(first, name)) dataframe::unknown_column(name, all);
  std::vector<ParquetColumn> out;
  for (const ParquetColumn& column : first.columns)
    if (asked.v.empty() || std::find(asked.v.begin(), asked.v.end(), column.name) != asked.v.end()) out.push_back(column);
  for (std::size_t f = 1; f < files.size(); ++f) {
    const auto differ = [&](const std::string& how) { throw IoError("files of one frame want the same columns: " + how + " (\"" + files[0] + "\" and \"" + files[f] + "\")"); };
    const ParquetInfo& info = footers[f].info;
    for (const ParquetColumn& column : info.columns)
      if (!column_of(first, column.name)) differ("\"" + column.name + "\" is in the second of both only");
    for (const ParquetColumn& column : first.columns)
      if (!column_of(info, column.name)) differ("\"" + column.name + "\" is in the first of both only");
    for (ParquetColumn& column : out) {
      const ParquetColumn& here = *column_of(info, column.name);
      if (here.missing) continue;
      if (column.missing) column = here;  // the first file with values says of which type they are
      if (column.type != here.type || column.unsupported.empty() != here.unsupported.empty())
        differ("\"" + column.name + "\" is of " + (column.unsupported.empty() ? std::string(name(column.type)) : "another type") + " in the first, of " +
               (here.unsupported.empty() ? std::string(name(here.type)) : "another type") + " in the second");
    }
  }
  for (const ParquetColumn& column : out)
    if (!column.unsupported.empty()) throw TypeError("the column \"" + column.name + "\" of \"" + files[0] + "\" cannot be read: " + column.unsupported + "; name the other ones in .columns");
  if (out.empty()) throw IoError("\"" + files[0] + "\" has no columns");
  return out;
}

std::vector<ParquetPiece> pieces_of(const std::string& file, const ParquetFooter& footer, const std::vector<ParquetColumn>& columns, const ReadParquetOptions& options) {
  std::vector<ParquetPiece> out;
  const auto groups = static_cast<std::int64_t>(footer.info.rows.size());
  std::int64_t nbytes = 0;
  for (std::int64_t g = 0; g < groups; ++g) {
    std::int64_t more = 0;
    for (const ParquetColumn& column : columns) more += column_of(footer.info, column.name)->bytes[static_cast<std::size_t>(g)];
    const bool full = !out.empty() && (options.split_row_groups ? out.back().count == options.split_row_groups : nbytes + more > options.blocksize.v);
    if (out.empty() || full) {
      out.push_back({file, footer.stamp, g, 0});
      nbytes = 0;
    }
    ++out.back().count;
    nbytes += more;
  }
  return out;
}

}  // namespace
}  // namespace io

DataFrame read_parquet(const std::string& path, const ReadParquetOptions& options) { return read_parquet(std::vector<std::string>{path}, options); }

DataFrame read_parquet(const std::vector<std::string>& paths, const ReadParquetOptions& options) {
  io::require_parquet("read_parquet");
  if (options.blocksize.v < 1) throw ValueError("read_parquet wants a blocksize of at least one byte, found " + std::to_string(options.blocksize.v));
  if (options.split_row_groups < 0) throw ValueError("read_parquet puts a number of row groups into a partition that is not negative, found split_row_groups = " + std::to_string(options.split_row_groups));
  const std::vector<std::string> files = io::parquet_files(paths);
  const std::vector<io::ParquetFooter> footers = io::footers_of(files);
  const std::vector<io::ParquetColumn> columns = io::common_schema(files, footers, options.columns);
  auto node = std::make_shared<io::ReadParquetNode>();
  node->name = "read-parquet";
  node->token = node->rows = dataframe::new_token();
  for (std::size_t f = 0; f < files.size(); ++f)
    for (io::ParquetPiece& piece : io::pieces_of(files[f], footers[f], columns, options)) node->pieces.push_back(std::move(piece));
  if (node->pieces.empty()) node->pieces.push_back({files[0], footers[0].stamp, 0, 0});
  node->npartitions = static_cast<std::int64_t>(node->pieces.size());
  std::vector<std::string> names;
  std::vector<ColumnType> types;
  for (const io::ParquetColumn& column : columns) {
    names.push_back(column.name);
    types.push_back(column.type);
  }
  node->sample = Table::empty(names, types);
  return DataFrame(node);
}

}  // namespace ashlar
