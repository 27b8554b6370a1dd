#include "ashlar/table/csv_parse.hpp"

#include <cstring>
#include <limits>
#include <memory>

#include "ashlar/table/byte_count_detail.hpp"
#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/csv_tokenize_detail.hpp"
#include "ashlar/table/timestamp_text.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

[[noreturn]] void ragged(const CsvRecords& records, std::int64_t line, std::size_t found, std::size_t wanted) {
  throw IoError(std::string(records.source) + ": line " + std::to_string(line) + " has " + std::to_string(found) + (found == 1 ? " field" : " fields") +
                ", the header has " + std::to_string(wanted));
}

void refuse_zero_bytes(const CsvRecords& records) {
  const void* zero = records.bytes.empty() ? nullptr : std::memchr(records.bytes.data(), 0, records.bytes.size());
  if (!zero) return;
  std::int64_t line = records.line;
  for (const char* p = records.bytes.data(); p != zero; ++p) line += *p == '\n';
  throw IoError(std::string(records.source) + " is not a CSV file: it holds a zero byte at line " + std::to_string(line));
}

struct InferenceSink {
  const CsvRecords& records;
  const CsvColumns& columns;
  const NaValues& missing;
  char decimal;
  CsvInference& out;

  void field(std::size_t number, std::string_view text) {
    if (number >= columns.names.size() || !columns.used[number] || out.columns[number].settled() || missing.contains(text)) return;
    // A text that is not in the records was put together from a quoted field.
    const auto begin = reinterpret_cast<std::uintptr_t>(records.bytes.data()), at = reinterpret_cast<std::uintptr_t>(text.data());
    if (at >= begin && at + 16 <= begin + records.bytes.size() && !columns.dates[number])
      out.columns[number].add_readable(text, decimal);
    else
      out.columns[number].add(text, decimal, columns.dates[number]);
  }
  bool end_record(std::size_t fields, std::int64_t line) {
    if (fields != columns.names.size()) ragged(records, line, fields, columns.names.size());
    ++out.rows;
    return true;
  }
};

// Text becomes elements of one column.
class FieldParser {
 public:
  virtual ~FieldParser() = default;
  virtual bool append(std::string_view text) = 0;  // false: not of this type
  virtual void append_null() = 0;
  virtual Column finish() = 0;
};

template <class Builder, class Parse>
class Parser final : public FieldParser {
 public:
  Parser(Builder builder, Parse parse) : builder_(std::move(builder)), parse_(std::move(parse)) {}
  bool append(std::string_view text) override {
    const auto value = parse_(text);
    if (!value) return false;
    builder_.append(*value);
    return true;
  }
  void append_null() override { builder_.append_null(); }
  Column finish() override { return builder_.finish(); }

 private:
  Builder builder_;
  Parse parse_;
};

template <class Builder, class Parse>
std::unique_ptr<FieldParser> parser(Builder builder, Parse parse) {
  return std::make_unique<Parser<Builder, Parse>>(std::move(builder), std::move(parse));
}

std::unique_ptr<FieldParser> make_parser(ColumnType type, char decimal, std::int64_t rows) {
  if (type == ColumnType::string) {
    StringBuilder builder;
    builder.reserve(rows);
    return parser(std::move(builder), [](std::string_view t) { return std::optional(t); });
  }
  if (type == ColumnType::timestamp) {
    FixedBuilder<timestamp> builder;
    builder.reserve(rows);
    return parser(std::move(builder), [](std::string_view t) { return parse_timestamp(t); });
  }
  if (!is_numeric(type)) throw TypeError("a CSV column cannot be read as " + std::string(name(type)));
  return dispatch_numeric(type, [&]<class T>(std::type_identity<T>) {
    FixedBuilder<T> builder;
    builder.reserve(rows);
    return parser(std::move(builder), [decimal](std::string_view t) -> std::optional<T> {
      (void)decimal;
      if constexpr (std::is_same_v<T, bool>) {
        return parse_bool(t);
      } else if constexpr (std::is_floating_point_v<T>) {
        const auto d = parse_double(t, decimal);
        return d ? std::optional<T>(static_cast<T>(*d)) : std::nullopt;
      } else if constexpr (std::is_signed_v<T>) {
        const auto i = parse_int64(t);
        return i && std::in_range<T>(*i) ? std::optional<T>(static_cast<T>(*i)) : std::nullopt;
      } else {
        const auto u = parse_uint64(t);
        return u && std::in_range<T>(*u) ? std::optional<T>(static_cast<T>(*u)) : std::nullopt;
      }
    });
  });
}

struct ParseSink {
  const CsvRecords& records;
  const CsvColumns& columns;
  const std::vector<ColumnType>& types;
  const NaValues& missing;
  std::vector<std::unique_ptr<FieldParser>>& parsers;  // null for columns that are not used
  std::int64_t rows = 0;
  // Of the record that is being read: the first field that is not of its column's type. Reported at its end, when the line is known.
  std::size_t wrong_number = 0;
  std::string wrong_text;
  bool wrong = false;

  void field(std::size_t number, std::string_view text) {
    if (number >= parsers.size() || !parsers[number] || wrong) return;
    if (missing.contains(text)) {
      parsers[number]->append_null();
    } else if (!parsers[number]->append(text)) {
      wrong = true;
      wrong_number = number;
      wrong_text = text;
    }
  }
  bool end_record(std::size_t fields, std::int64_t line) {
    if (fields != columns.names.size()) ragged(records, line, fields, columns.names.size());
    if (wrong)
      throw IoError(std::string(records.source) + ": line " + std::to_string(line) + ", column \"" + columns.names[wrong_number] + "\": \"" + wrong_text +
                    "\" is not of type " + std::string(name(types[wrong_number])));
    ++rows;
    return true;
  }
};

}  // namespace

void CsvInference::merge(const CsvInference& other) {
  if (columns.empty() && rows == 0) columns.resize(other.columns.size());
  if (columns.size() != other.columns.size()) throw InternalError("inferences of different CSV files were merged");
  for (std::size_t c = 0; c < columns.size(); ++c) columns[c].merge(other.columns[c]);
  rows += other.rows;
}

std::vector<ColumnType> CsvInference::types() const {
  std::vector<ColumnType> out;
  for (const ColumnKinds& kinds : columns) out.push_back(kinds.type());
  return out;
}

void CsvInference::encode(Writer& out) const {
  out.array(columns);
  out.put(rows);
}

CsvInference CsvInference::decode(Reader& in) {
  CsvInference out;
  out.columns = in.array<ColumnKinds>();
  out.rows = in.get<std::int64_t>();
  return out;
}

CsvInference infer(const CsvRecords& records, const CsvDialect& dialect, const CsvColumns& columns) {
  refuse_zero_bytes(records);
  CsvInference out;
  out.columns.resize(columns.names.size());
  const NaValues missing(dialect);
  InferenceSink sink{records, columns, missing, dialect.decimal, out};
  tokenize(records.bytes, dialect, records.line, records.source, sink);
  return out;
}

Table parse(const CsvRecords& records, const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types) {
  if (types.size() != columns.names.size())
    throw ValueError("a CSV schema wants one type per column: columns " + std::to_string(columns.names.size()) + ", types " + std::to_string(types.size()));
  refuse_zero_bytes(records);
  // No more records than line ends: one allocation per column.
  const std::int64_t rows = count_byte(records.bytes, '\n') + 1;
  std::vector<std::unique_ptr<FieldParser>> parsers;
  for (std::size_t c = 0; c < types.size(); ++c) parsers.push_back(columns.used[c] ? make_parser(types[c], dialect.decimal, rows) : nullptr);
  const NaValues missing(dialect);
  ParseSink sink{records, columns, types, missing, parsers, 0, 0, {}, false};
  tokenize(records.bytes, dialect, records.line, records.source, sink);
  std::vector<std::string> names;
  std::vector<Column> out;
  for (std::size_t c = 0; c < types.size(); ++c) {
    if (!parsers[c]) continue;
    names.push_back(columns.names[c]);
    out.push_back(parsers[c]->finish());
  }
  return Table(std::move(names), std::move(out));
}

Table parse_csv(std::string_view text, const CsvDialect& dialect, const Names& usecols, const Names& parse_dates, std::string_view source) {
  const CsvHeader header = read_header(text, true, dialect, source);
  const CsvColumns columns = CsvColumns::make(header.names, usecols, parse_dates, source);
  const CsvRecords records{text.substr(static_cast<std::size_t>(header.data_offset)), header.data_line, source};
  return parse(records, dialect, columns, infer(records, dialect, columns).types());
}

}  // namespace ashlar::table
