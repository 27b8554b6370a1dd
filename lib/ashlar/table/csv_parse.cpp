#include "ashlar/table/csv_parse.hpp"

#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>

#include "ashlar/table/byte_count_detail.hpp"
#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/csv_tokenize_detail.hpp"
#include "ashlar/table/utf8_detail.hpp"
#include "ashlar/table/timestamp_text.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

[[noreturn]] void ragged(const CsvRecords& records, std::int64_t line, std::size_t found, std::size_t wanted) {
  throw IoError(std::string(records.source) + ": line " + std::to_string(line) + " has " + std::to_string(found) + (found == 1 ? " field" : " fields") +
                ", the header has " + std::to_string(wanted));
}

// Bytes that are no text: zero bytes, and what is not UTF-8.
void require_text(const CsvRecords& records) {
  const std::size_t at = text_ends(records.bytes);
  if (at == records.bytes.size()) return;
  const std::string_view before = records.bytes.substr(0, at);
  const std::int64_t line = records.line + count_line_ends(before);
  const auto byte = static_cast<unsigned char>(records.bytes[at]);
  if (byte == 0) throw IoError(std::string(records.source) + " is not a CSV file: it holds a zero byte at line " + std::to_string(line));
  char hex[8];
  std::snprintf(hex, sizeof hex, "0x%02x", byte);
  throw IoError(std::string(records.source) + ": line " + std::to_string(line) + " is not UTF-8 (byte " + hex + "); say .encoding = \"latin-1\" if it is that");
}

// A number without what stands between its thousands; other texts as they are.
class WithoutThousands {
 public:
  WithoutThousands(char thousands, char decimal) : thousands_(thousands), decimal_(decimal) {}
  std::string_view operator()(std::string_view text) { return thousands_ == '\0' ? text : stripped(text); }

 private:
  std::string_view stripped(std::string_view text) {
    if (text.find(thousands_) == std::string_view::npos) return text;
    digits_.clear();
    bool digit_seen = false;
    for (const char c : text) {
      const bool digit = c >= '0' && c <= '9';
      if (c == thousands_ && digit_seen) continue;
      if (!digit && c != decimal_ && c != '+' && c != '-' && c != 'e' && c != 'E') return text;
      digit_seen |= digit;
      digits_ += c;
    }
    return digits_;
  }

  char thousands_, decimal_;
  std::string digits_;
};

class InferenceSink {
 public:
  InferenceSink(const CsvRecords& records, const CsvDialect& dialect, const CsvColumns& columns, CsvInference& out)
      : records_(records), columns_(columns), missing_(dialect), decimal_(dialect.decimal), without_thousands_(dialect.thousands, dialect.decimal),
        readable_(records.bytes.data() + records.bytes.size()), open_(columns.used.begin(), columns.used.end()), out_(out) {
    for (const std::string& text : dialect.na_values)
      for (const char c : text) numbers_may_be_missing_ |= c >= '0' && c <= '9';
  }
  // Columns whose type is settled, and those nobody wants, are passed by with one look.
  void field(std::size_t number, std::string_view text) {
    if (number < open_.size() && open_[number]) look(number, text);
  }
  bool end_record(std::size_t fields, std::int64_t line) {
    if (fields != columns_.names.size()) ragged(records_, line, fields, columns_.names.size());
    ++out_.rows;
    return true;
  }

 private:
  void look(std::size_t number, std::string_view text) {
    ColumnKinds& kinds = out_.columns[number];
    // A text that is not in the records was put together from a quoted field.
    const auto from = reinterpret_cast<std::uintptr_t>(records_.bytes.data()), to = reinterpret_cast<std::uintptr_t>(readable_);
    const auto at = reinterpret_cast<std::uintptr_t>(text.data());
    const bool readable = at >= from && at + 16 <= to && !columns_.dates[number];
    if (readable && !numbers_may_be_missing_ && kinds.add_plain_number(text, decimal_)) return;
    if (missing_.contains(text)) return;
    text = without_thousands_(text);
    kinds.add(text, decimal_, columns_.dates[number]);
    open_[number] = !kinds.settled();
  }

  const CsvRecords& records_;
  const CsvColumns& columns_;
  const NaValues missing_;
  const char decimal_;
  WithoutThousands without_thousands_;
  const char* const readable_;
  std::vector<std::uint8_t> open_;
  CsvInference& out_;
  bool numbers_may_be_missing_ = false;
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

class CategoryParser final : public FieldParser {
 public:
  explicit CategoryParser(std::int64_t rows) { builder_.reserve(rows); }
  bool append(std::string_view text) override {
    builder_.append(text);
    return true;
  }
  void append_null() override { builder_.append_null(); }
  Column finish() override { return builder_.finish().cast(ColumnType::category); }

 private:
  StringBuilder builder_;
};

std::unique_ptr<FieldParser> make_parser(ColumnType type, const CsvDialect& dialect, std::int64_t rows) {
  if (type == ColumnType::string) {
    StringBuilder builder;
    builder.reserve(rows);
    return parser(std::move(builder), [](std::string_view t) { return std::optional(t); });
  }
  if (type == ColumnType::category) return std::make_unique<CategoryParser>(rows);
  if (type == ColumnType::timestamp) {
    FixedBuilder<timestamp> builder;
    builder.reserve(rows);
    return parser(std::move(builder), [](std::string_view t) { return parse_timestamp(t); });
  }
  if (!is_numeric(type)) throw TypeError("a CSV column cannot be read as " + std::string(name(type)));
  return dispatch_numeric(type, [&]<class T>(std::type_identity<T>) {
    FixedBuilder<T> builder;
    builder.reserve(rows);
    return parser(std::move(builder), [decimal = dialect.decimal, without = WithoutThousands(dialect.thousands, dialect.decimal)](std::string_view t) mutable -> std::optional<T> {
      (void)decimal;
      t = without(t);
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
  require_text(records);
  CsvInference out;
  out.columns.resize(columns.names.size());
  InferenceSink sink(records, dialect, columns, out);
  tokenize(records.bytes, dialect, records.line, records.source, sink);
  return out;
}

Table parse(const CsvRecords& records, const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types) {
  if (types.size() != columns.names.size())
    throw ValueError("a CSV schema wants one type per column: columns " + std::to_string(columns.names.size()) + ", types " + std::to_string(types.size()));
  // No more records than line ends: one allocation per column.
  const std::int64_t rows = count_byte(records.bytes, '\n') + 1;
  std::vector<std::unique_ptr<FieldParser>> parsers;
  for (std::size_t c = 0; c < types.size(); ++c) parsers.push_back(columns.used[c] ? make_parser(types[c], dialect, rows) : nullptr);
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
