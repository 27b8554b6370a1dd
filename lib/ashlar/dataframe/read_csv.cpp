#include "ashlar/dataframe/read_csv.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>

#include "ashlar/dataframe/csv_file.hpp"
#include "ashlar/dataframe/filter_pushdown.hpp"
#include "ashlar/dataframe/program.hpp"
#include "ashlar/table/csv_parse.hpp"

namespace ashlar {
namespace dataframe {
namespace {

using table::CsvColumns;
using table::CsvDialect;
using table::CsvInference;
using table::RangeScan;

/// The records that begin in one range of a file.
struct Piece {
  FileRange range;
  std::int64_t line = 1;
  std::size_t file = 0;  // its number
  std::int64_t rows = 0;  // once they were counted
  FileDecoding decoding = {};  // where there is any, the range is that of the text, up to its end

  void encode(Writer& out) const {
    out.text(range.file);
    out.put(range.begin);
    out.put(range.end);
    out.put(range.size);
    out.put(line);
    out.put(rows);
    out.put(decoding);
  }
  static Piece decode(Reader& in) {
    Piece p;
    p.range.file = in.text();
    p.range.begin = in.get<std::int64_t>();
    p.range.end = in.get<std::int64_t>();
    p.range.size = in.get<std::int64_t>();
    p.line = in.get<std::int64_t>();
    p.rows = in.get<std::int64_t>();
    p.decoding = in.get<FileDecoding>();
    return p;
  }
};

struct ScannedRange {
  RangeScan scan;
  void encode(Writer& out) const { out.put(scan); }
  static ScannedRange decode(Reader& in) { return {in.get<RangeScan>()}; }
};

std::string_view text_of(const Buffer& buffer, const FileRange& range) {
  return {reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(range.end - range.begin)};
}

// Read at once: small enough to stay in the cache while it is checked, cut and converted.
constexpr std::size_t block_bytes = std::size_t{256} << 10;

// The records of a piece, block by block; `read` gives the line behind those it was given.
void each_block(const Piece& piece, const CsvDialect& dialect, const std::function<std::int64_t(const table::CsvRecords&)>& read) {
  if (piece.decoding) {
    bool whole;
    const std::string decoded = read_decoded(piece.range.file, piece.range.size, piece.decoding, std::numeric_limits<std::int64_t>::max(), whole);
    read({std::string_view(decoded).substr(std::min(static_cast<std::size_t>(piece.range.begin), decoded.size())), piece.line, piece.range.file});
    return;
  }
  RangeReader file(piece.range);
  Buffer block = Buffer::allocate(block_bytes);
  std::size_t kept = 0;  // the beginning of a record whose end was not seen
  std::int64_t line = piece.line;
  while (true) {
    if (kept == block.size()) {
      Buffer larger = Buffer::allocate(2 * block.size());
      std::memcpy(larger.data(), block.data(), kept);
      block = std::move(larger);
    }
    kept += file.read(block.data() + kept, block.size() - kept);
    char* const text = reinterpret_cast<char*>(block.data());
    const std::size_t records = file.ended() ? kept : table::whole_records({text, kept}, dialect);
    if (records || file.ended()) line = read({{text, records}, line, piece.range.file});
    if (file.ended()) return;
    kept -= records;
    std::memmove(text, text + records, kept);
  }
}

// Pass one: the effect of a byte range on the automaton that finds records.
class ScanOperation final : public OperationOf<ScanOperation> {
 public:
  explicit ScanOperation(CsvDialect dialect) : dialect_(std::move(dialect)) {}
  void encode(Writer& out) const override { dialect_.encode(out); }
  static std::shared_ptr<const ScanOperation> decode(Reader& in) { return std::make_shared<ScanOperation>(CsvDialect::decode(in)); }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const Piece piece = Piece::decode(in);
    RangeReader file(piece.range);
    Buffer block = Buffer::allocate(block_bytes);
    RangeScan all = table::scan_range({}, dialect_);
    while (const std::size_t n = file.read(block.data(), block_bytes))
      all = table::compose(all, table::scan_range({reinterpret_cast<const char*>(block.data()), n}, dialect_));
    return Object::of(ScannedRange{all});
  }

 private:
  CsvDialect dialect_;
};

// Pass two: types and rows of whole records.
class InferOperation final : public OperationOf<InferOperation> {
 public:
  InferOperation(CsvDialect dialect, CsvColumns columns) : dialect_(std::move(dialect)), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    dialect_.encode(out);
    columns_.encode(out);
  }
  static std::shared_ptr<const InferOperation> decode(Reader& in) {
    auto dialect = CsvDialect::decode(in);
    return std::make_shared<InferOperation>(std::move(dialect), CsvColumns::decode(in));
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const Piece piece = Piece::decode(in);
    table::CsvInferrer inferrer(dialect_, columns_);
    each_block(piece, dialect_, [&](const table::CsvRecords& records) { return inferrer.add(records); });
    return Object::of(inferrer.finish());
  }

 private:
  CsvDialect dialect_;
  CsvColumns columns_;
};

// Which rows a reader keeps: a program over the columns that it looks at.
struct RowFilter {
  std::vector<Step> steps;
  std::vector<std::uint8_t> looked_at, doubted;  // as in table::CsvRowFilter

  void encode(Writer& out) const {
    out.put<std::uint64_t>(steps.size());
    for (const Step& step : steps) step.encode(out);
    out.array(looked_at);
    out.array(doubted);
  }
  static RowFilter decode(Reader& in) {
    RowFilter filter;
    filter.steps.resize(in.get<std::uint64_t>());
    for (Step& step : filter.steps) step = Step::decode(in);
    filter.looked_at = in.array<std::uint8_t>();
    filter.doubted = in.array<std::uint8_t>();
    return filter;
  }
  table::CsvRowFilter of_table() const {
    return {{looked_at.begin(), looked_at.end()}, {doubted.begin(), doubted.end()}, [this](const Table& rows) { return std::get<Column>(run_steps(steps, rows)); }};
  }
};

// What remains to be done lazily: one partition.
class ReadCsvOperation final : public OperationOf<ReadCsvOperation> {
 public:
  ReadCsvOperation(CsvDialect dialect, CsvColumns columns, std::vector<ColumnType> types, RowFilter filter)
      : dialect_(std::move(dialect)), columns_(std::move(columns)), types_(std::move(types)), filter_(std::move(filter)) {}
  void encode(Writer& out) const override {
    dialect_.encode(out);
    columns_.encode(out);
    out.array(types_);
    filter_.encode(out);
  }
  static std::shared_ptr<const ReadCsvOperation> decode(Reader& in) {
    auto dialect = CsvDialect::decode(in);
    auto columns = CsvColumns::decode(in);
    auto types = in.array<ColumnType>();
    return std::make_shared<ReadCsvOperation>(std::move(dialect), std::move(columns), std::move(types), RowFilter::decode(in));
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const Piece piece = Piece::decode(in);
    table::CsvParser parser = filter_.steps.empty() ? table::CsvParser(dialect_, columns_, types_, piece.rows)
                                                    : table::CsvParser(dialect_, columns_, types_, piece.rows, filter_.of_table());
    each_block(piece, dialect_, [&](const table::CsvRecords& records) { return parser.add(records); });
    return Object::of(parser.finish());
  }

 private:
  CsvDialect dialect_;
  CsvColumns columns_;
  std::vector<ColumnType> types_;
  RowFilter filter_;
};

class ReadCsvNode final : public LayerNode {
 public:
  CsvDialect dialect;
  CsvColumns all;
  std::vector<ColumnType> types;
  std::vector<std::uint8_t> doubted;  // types that the caller gave, which the fields may not be of
  std::vector<Piece> pieces;
  std::vector<PlanPtr> conjuncts;     // of rows that are read, on columns of this table

  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>&, const std::vector<std::string>& wanted) const override {
    CsvColumns used = all;
    for (std::size_t c = 0; c < used.names.size(); ++c)
      used.used[c] = used.used[c] && std::find(wanted.begin(), wanted.end(), used.names[c]) != wanted.end();
    RowFilter filter;
    if (!conjuncts.empty()) {
      filter.steps = as_program(conjuncts);
      filter.doubted = doubted;
      filter.looked_at.resize(types.size());
      for (const PlanPtr& conjunct : conjuncts)
        for (const std::string& name : columns_read(conjunct))
          filter.looked_at[static_cast<std::size_t>(std::find(all.names.begin(), all.names.end(), name) - all.names.begin())] = 1;
    }
    auto out = std::make_shared<PlanLayer>(name, npartitions, std::make_shared<ReadCsvOperation>(dialect, std::move(used), types, std::move(filter)), PlanLayer::Inputs(),
                                           [each = pieces](std::int64_t index, Writer& to) { each[static_cast<std::size_t>(index)].encode(to); });
    out->note = [wanted, columns = all.names.size(), rows = conjuncts] { return note_of(wanted, columns, rows); };
    return out;
  }
  // The text is cut whatever is wanted; most of the work is to convert its fields.
  std::vector<std::int64_t> work_bytes(const std::vector<std::string>& wanted) const override {
    const auto part = static_cast<std::int64_t>(wanted.size()), whole = static_cast<std::int64_t>(all.names.size());
    std::vector<std::int64_t> out;
    for (const Piece& piece : pieces) {
      // What a compressed file becomes is some times as much.
      const std::int64_t text = (piece.range.end - piece.range.begin) * (piece.decoding.gzip || piece.decoding.zstd ? 4 : 1);
      out.push_back(text / 4 + text / 4 * 3 * part / whole);
    }
    return out;
  }
  // A category column knows the texts of all rows of its partition, those that a filter left out among them.
  bool may_take_filters() const override {
    const auto found = table().dtypes();
    return std::find(found.begin(), found.end(), ColumnType::category) == found.end();
  }
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& more, const std::function<bool(const PlanPtr&)>&) const override {
    if (!may_take_filters()) return std::nullopt;
    auto node = std::make_shared<ReadCsvNode>(*this);
    Writer content;
    content.text("filtered");
    content.put(token);
    for (const PlanPtr& conjunct : more) {
      content.put(conjunct->token);
      node->conjuncts.push_back(conjunct);
    }
    node->token = token_of(content);
    return Filtered{node, {}};
  }

 private:
  static std::string note_of(const std::vector<std::string>& wanted, std::size_t columns, const std::vector<PlanPtr>& rows) {
    std::string out = "columns";
    for (std::size_t i = 0; i < wanted.size() && i < 8; ++i) out += (i ? ", " : " ") + wanted[i];
    if (wanted.size() > 8) out += ", …";
    out += " (" + std::to_string(wanted.size()) + " of " + std::to_string(columns) + ")";
    return rows.empty() ? out : out + "; rows where " + text_of(rows);
  }
};

// One task per piece, now. A task's IoError comes out as itself: the caller has not asked for tasks.
std::vector<Object> run_now(const std::string& name, std::shared_ptr<const Operation> operation, const std::vector<Piece>& pieces) {
  GraphBuilder builder;
  const auto number = builder.add(std::make_shared<PlanLayer>(
      name, static_cast<std::int64_t>(pieces.size()), std::move(operation), PlanLayer::Inputs(),
      [&pieces](std::int64_t index, Writer& out) { pieces[static_cast<std::size_t>(index)].encode(out); }));
  std::vector<TaskRef> wanted;
  for (std::size_t i = 0; i < pieces.size(); ++i) wanted.push_back({number, static_cast<std::int64_t>(i)});
  try {
    return detail::evaluate(std::move(builder), wanted);
  } catch (const TaskError& e) {
    if (e.where().type == "IoError") throw IoError(e.where().message);
    throw;
  }
}

char one_character(const std::string& text, const char* option, bool may_be_empty) {
  if (text.size() == 1) return text[0];
  if (text.empty() && may_be_empty) return '\0';
  throw ValueError(std::string("read_csv wants one character as ") + option + ", found \"" + text + "\"");
}

CsvDialect dialect_of(const ReadCsvOptions& options) {
  CsvDialect dialect;
  dialect.sep = one_character(options.sep, "sep", false);
  dialect.quotechar = one_character(options.quotechar, "quotechar", true);
  dialect.decimal = one_character(options.decimal, "decimal", false);
  dialect.thousands = one_character(options.thousands, "thousands", true);
  dialect.header = options.header;
  dialect.skip_blank_lines = options.skip_blank_lines;
  dialect.na_values = options.na_values.v;
  dialect.keep_default_na = options.keep_default_na;
  dialect.check();
  return dialect;
}

// How the file is compressed: by its first bytes, or as the caller says.
void set_compression(const std::string& file, const std::string& compression, std::string_view beginning, FileDecoding& out) {
  static constexpr std::pair<std::string_view, const char*> marks[] = {
      {"\x1f\x8b", "gzip"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"BZh", "bzip2"}, {{"\xfd" "7zXZ\0", 6}, "xz"}, {{"PK\x03\x04", 4}, "zip"}};
  std::string found;
  for (const auto& [mark, name] : marks)
    if (beginning.starts_with(mark)) found = name;
  if (compression.empty()) return;
  if (compression == "gzip" || compression == "zstd") {
    if (found != compression) throw IoError("the file \"" + file + "\" is not compressed with " + compression + ", though .compression says so");
  } else if (compression != "infer") {
    throw NotImplementedError("not yet: read_csv of files compressed with anything but gzip and zstd (compression = \"" + compression + "\"); decompress " + file + " first");
  }
  out.gzip = found == "gzip";
  out.zstd = found == "zstd";
  if (!found.empty() && !out.gzip && !out.zstd)
    throw NotImplementedError("not yet: read_csv of files compressed with anything but gzip and zstd; " + file + " is compressed with " + found + ", decompress it first");
}

FileDecoding decoding_of(const std::string& file, std::int64_t size, const CsvDialect& dialect, const ReadCsvOptions& options) {
  FileDecoding out;
  const FileRange start{file, 0, std::min<std::int64_t>(size, 8), size};
  const Buffer bytes = read_range(start);
  set_compression(file, options.compression, text_of(bytes, start), out);
  if (options.encoding == "latin-1" || options.encoding == "latin1" || options.encoding == "iso-8859-1")
    out.latin_1 = true;
  else if (options.encoding != "utf-8" && options.encoding != "utf8")
    throw ValueError("read_csv wants \"utf-8\" or \"latin-1\" as encoding, found \"" + options.encoding + "\"");
  out.comment = one_character(options.comment, "comment", true);
  if (out.comment != '\0' && (out.comment == dialect.sep || out.comment == dialect.quotechar || out.comment == '\n' || out.comment == '\r'))
    throw ValueError(std::string("what begins a comment is no separator, quote or line end of a CSV file, found '") + out.comment + "'");
  out.quote = dialect.quotechar;
  out.sep = dialect.sep;
  return out;
}

// Behind the first `lines` lines; nothing when there are not so many.
std::optional<std::size_t> behind_lines(std::string_view text, std::int64_t lines) {
  std::size_t at = 0;
  for (; lines > 0; --lines) {
    at = text.find_first_of("\r\n", at);
    if (at == std::string_view::npos) return std::nullopt;
    at += text.substr(at, 2) == "\r\n" ? 2 : 1;
  }
  return at;
}

table::CsvHeader header_of(const Piece& start, const CsvDialect& dialect, std::int64_t skiprows) {
  const std::string& file = start.range.file;
  const std::int64_t size = start.range.size;
  for (std::int64_t length = 64 * 1024;; length *= 8) {
    bool whole = length >= size;
    Buffer bytes;
    std::string decoded;
    std::string_view beginning;
    if (start.decoding) {
      decoded = read_decoded(file, size, start.decoding, length, whole);
      beginning = decoded;
    } else {
      const FileRange range{file, 0, std::min(length, size), size};
      bytes = read_range(range);
      beginning = text_of(bytes, range);
    }
    const auto skipped = behind_lines(beginning, skiprows);
    if (!skipped && !whole) continue;
    if (!skipped)
      throw IoError(file + " has fewer lines than .skiprows says to pass over: " + std::to_string(skiprows));
    table::CsvHeader header = table::read_header(beginning.substr(*skipped), whole, dialect, file);
    if (!header.complete && !whole) continue;
    header.data_offset += static_cast<std::int64_t>(*skipped);
    header.data_line += skiprows;
    return header;
  }
}

}  // namespace
}  // namespace dataframe

DataFrame read_csv(const std::string& path, const ReadCsvOptions& options) { return read_csv(std::vector<std::string>{path}, options); }

DataFrame read_csv(const std::vector<std::string>& paths, const ReadCsvOptions& options) {
  using namespace dataframe;
  if (options.skiprows < 0) throw ValueError("read_csv passes over a number of lines that is not negative, found skiprows = " + std::to_string(options.skiprows));
  if (options.blocksize.v < 1) throw ValueError("read_csv wants a blocksize of at least one byte, found " + std::to_string(options.blocksize.v));
  std::vector<std::string> files;
  for (const std::string& path : paths)
    for (std::string& file : files_matching(path)) files.push_back(std::move(file));
  if (files.empty()) throw ValueError("read_csv wants at least one file, found none");

  auto node = std::make_shared<ReadCsvNode>();
  node->name = "read-csv";
  node->token = node->rows = new_token();
  node->dialect = dialect_of(options);

  // Ranges of bytes behind the headers.
  std::vector<table::CsvHeader> headers;
  std::vector<Piece> ranges;
  for (std::size_t f = 0; f < files.size(); ++f) {
    const std::int64_t size = file_size(files[f]);
    // First what may throw: g++ 12 destroys the parts of a half-made aggregate twice.
    const FileDecoding decoding = decoding_of(files[f], size, node->dialect, options);
    Piece start{{files[f], 0, size, size}, 1, f, 0, decoding};
    headers.push_back(header_of(start, node->dialect, options.skiprows));
    if (headers[f].names != headers[0].names) {
      std::size_t at = 0;
      while (at < headers[f].names.size() && at < headers[0].names.size() && headers[f].names[at] == headers[0].names[at]) ++at;
      const auto named = [&](const table::CsvHeader& h) { return at < h.names.size() ? "\"" + h.names[at] + "\"" : std::string("nothing"); };
      throw IoError("files of one frame want the same columns: column " + std::to_string(at + 1) + " of " + files[0] + " is " +
                    named(headers[0]) + ", of " + files[f] + " " + named(headers[f]));
    }
    if (start.decoding) {
      start.range.begin = headers[f].data_offset;
      start.line = headers[f].data_line;
      ranges.push_back(start);
      continue;
    }
    for (std::int64_t begin = headers[f].data_offset; begin < size || begin == headers[f].data_offset; begin += options.blocksize.v) {
      ranges.push_back({{files[f], begin, std::min(begin + options.blocksize.v, size), size}, headers[f].data_line, f, 0, {}});
      if (begin >= size) break;
    }
  }
  node->all = CsvColumns::make(headers[0].names, options.usecols, options.parse_dates, files[0]);

  // Pass one, over files of more than one range only: where records begin.
  std::vector<std::size_t> ranges_of_file(files.size());
  for (const Piece& range : ranges) ++ranges_of_file[range.file];
  std::vector<Piece> to_scan;
  for (const Piece& range : ranges)
    if (ranges_of_file[range.file] > 1) to_scan.push_back(range);
  const std::vector<Object> scans =
      to_scan.empty() ? std::vector<Object>() : run_now("csv-records", std::make_shared<ScanOperation>(node->dialect), to_scan);
  std::size_t next_scan = 0;
  for (std::size_t r = 0; r < ranges.size();) {
    const std::size_t f = ranges[r].file, n = ranges_of_file[f];
    if (n == 1) {
      node->pieces.push_back(ranges[r]);
    } else {
      std::vector<RangeScan> effects;
      for (std::size_t k = 0; k < n; ++k) effects.push_back(scans[next_scan++].get<ScannedRange>().scan);
      const table::RecordBorders borders = table::record_borders(effects, headers[f].data_offset, headers[f].data_line);
      for (std::size_t k = 0; k < n; ++k) {
        Piece piece = ranges[r + k];
        piece.range.begin = borders.at[k].offset;
        piece.range.end = borders.at[k + 1].offset;
        piece.line = borders.at[k].line;
        // A range in which no record begins makes no partition, unless the file had none at all.
        if (piece.range.begin < piece.range.end || (k + 1 == n && (node->pieces.empty() || node->pieces.back().file != f)))
          node->pieces.push_back(piece);
      }
    }
    r += n;
  }
  node->npartitions = static_cast<std::int64_t>(node->pieces.size());

  // Pass two: the type of every column over all of it.
  CsvInference inference;
  const std::vector<Object> parts = run_now("csv-types", std::make_shared<InferOperation>(node->dialect, node->all), node->pieces);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const CsvInference& part = parts[p].get<CsvInference>();
    inference.merge(part);
    node->pieces[p].rows = part.rows;
  }
  node->types = inference.types();
  node->doubted.resize(node->types.size());
  for (const auto& [column, type] : options.dtype.v) {
    const auto at = std::find(node->all.names.begin(), node->all.names.end(), column.v);
    if (at == node->all.names.end()) unknown_column(column.v, node->all.names);
    const auto c = static_cast<std::size_t>(at - node->all.names.begin());
    const ColumnType given = column_type_from_name(type.v);
    node->doubted[c] = given != node->types[c] && given != ColumnType::string;
    node->types[c] = given;
  }

  std::vector<std::string> names;
  std::vector<ColumnType> types;
  for (std::size_t c = 0; c < node->all.names.size(); ++c)
    if (node->all.used[c]) {
      names.push_back(node->all.names[c]);
      types.push_back(node->types[c]);
    }
  node->sample = Table::empty(names, types);
  return DataFrame(node);
}

}  // namespace ashlar
