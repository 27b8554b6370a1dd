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
// Not unnamed: classes that a header declares hold these.
namespace csv_fields {

[[noreturn]] static void ragged(std::string_view source, std::int64_t line, std::size_t found, std::size_t wanted) {
  throw IoError(std::string(source) + ": line " + std::to_string(line) + " has " + std::to_string(found) + (found == 1 ? " field" : " fields") +
                ", the header has " + std::to_string(wanted));
}

// Bytes that are no text: zero bytes, and what is not UTF-8.
static void require_text(const CsvRecords& records) {
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

}  // namespace csv_fields
using namespace csv_fields;

class CsvInferrer::Sink {
 public:
  Sink(const CsvDialect& dialect, const CsvColumns& columns)
      : dialect_(dialect), columns_(columns), missing_(dialect), without_thousands_(dialect.thousands, dialect.decimal),
        open_(columns.used.begin(), columns.used.end()) {
    out_.columns.resize(columns.names.size());
    for (const std::string& text : dialect.na_values)
      for (const char c : text) numbers_may_be_missing_ |= c >= '0' && c <= '9';
  }
  std::int64_t add(const CsvRecords& records) {
    require_text(records);
    records_ = records;
    std::int64_t line = records.line;
    tokenize(records.bytes, dialect_, line, records.source, *this);
    return line;
  }
  CsvInference finish() { return std::move(out_); }

  // Columns whose type is settled, and those nobody wants, are passed by with one look.
  void field(std::size_t number, std::string_view text) {
    if (number < open_.size() && open_[number]) look(number, text);
  }
  bool end_record(std::size_t fields, std::int64_t line) {
    if (fields != columns_.names.size()) ragged(records_.source, line, fields, columns_.names.size());
    ++out_.rows;
    return true;
  }

 private:
  void look(std::size_t number, std::string_view text) {
    ColumnKinds& kinds = out_.columns[number];
    // A text that is not in the records was put together from a quoted field.
    const auto from = reinterpret_cast<std::uintptr_t>(records_.bytes.data()), to = from + records_.bytes.size();
    const auto at = reinterpret_cast<std::uintptr_t>(text.data());
    const bool readable = at >= from && at + 16 <= to && !columns_.dates[number];
    if (readable && !numbers_may_be_missing_ && kinds.add_plain_number(text, dialect_.decimal)) return;
    if (missing_.contains(text)) return;
    text = without_thousands_(text);
    kinds.add(text, dialect_.decimal, columns_.dates[number]);
    open_[number] = !kinds.settled();
  }

  const CsvDialect dialect_;
  const CsvColumns columns_;
  CsvRecords records_;
  const NaValues missing_;
  WithoutThousands without_thousands_;
  std::vector<std::uint8_t> open_;
  CsvInference out_;
  bool numbers_may_be_missing_ = false;
};

CsvInferrer::CsvInferrer(const CsvDialect& dialect, const CsvColumns& columns) : sink_(std::make_unique<Sink>(dialect, columns)) {}
CsvInferrer::~CsvInferrer() = default;
std::int64_t CsvInferrer::add(const CsvRecords& records) { return sink_->add(records); }
CsvInference CsvInferrer::finish() { return sink_->finish(); }

namespace csv_fields {

// Text becomes elements of one column.
class FieldParser {
 public:
  virtual ~FieldParser() = default;
  virtual bool append(std::string_view text) = 0;  // false: not of this type
  virtual void append_null() = 0;
  /// `part` of all that is to come has come.
  virtual void expect(double part) = 0;
  virtual Column finish() = 0;
};

// Fixed-width values have their room from the beginning; of texts nobody knew how long they are.
static void make_room(StringBuilder& builder, double part) { builder.reserve(0, static_cast<std::size_t>(static_cast<double>(builder.text_bytes()) / part * 1.02) + 64); }
template <class T>
static void make_room(FixedBuilder<T>&, double) {}

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
  void expect(double part) override { make_room(builder_, part); }
  Column finish() override { return builder_.finish(); }

 private:
  Builder builder_;
  Parse parse_;
};

template <class Builder, class Parse>
static std::unique_ptr<FieldParser> parser(Builder builder, Parse parse) {
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
  void expect(double part) override { make_room(builder_, part); }
  Column finish() override { return builder_.finish().cast(ColumnType::category); }

 private:
  StringBuilder builder_;
};

static std::unique_ptr<FieldParser> make_parser(ColumnType type, const CsvDialect& dialect, std::int64_t rows) {
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

}  // namespace csv_fields

class CsvParser::Sink {
 public:
  Sink(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows)
      : dialect_(dialect), columns_(columns), types_(types), missing_(dialect), expected_(rows) {
    if (types.size() != columns.names.size())
      throw ValueError("a CSV schema wants one type per column: columns " + std::to_string(columns.names.size()) + ", types " + std::to_string(types.size()));
    for (std::size_t c = 0; c < types.size(); ++c) parsers_.push_back(columns.used[c] ? make_parser(types[c], dialect, rows) : nullptr);
  }
  std::int64_t add(const CsvRecords& records) {
    source_ = records.source;
    std::int64_t line = records.line;
    tokenize(records.bytes, dialect_, line, records.source, *this);
    if (!told_ && rows_ > 0 && rows_ < expected_)
      for (const auto& parser : parsers_)
        if (parser) parser->expect(static_cast<double>(rows_) / static_cast<double>(expected_));
    told_ = true;
    return line;
  }
  Table finish() {
    std::vector<std::string> names;
    std::vector<Column> out;
    for (std::size_t c = 0; c < types_.size(); ++c) {
      if (!parsers_[c]) continue;
      names.push_back(columns_.names[c]);
      out.push_back(parsers_[c]->finish());
    }
    return Table(std::move(names), std::move(out));
  }

  void field(std::size_t number, std::string_view text) {
    if (number >= parsers_.size() || !parsers_[number] || wrong_) return;
    if (missing_.contains(text)) {
      parsers_[number]->append_null();
    } else if (!parsers_[number]->append(text)) {
      wrong_ = true;
      wrong_number_ = number;
      wrong_text_ = text;
    }
  }
  bool end_record(std::size_t fields, std::int64_t line) {
    if (fields != columns_.names.size()) ragged(source_, line, fields, columns_.names.size());
    if (wrong_)
      throw IoError(std::string(source_) + ": line " + std::to_string(line) + ", column \"" + columns_.names[wrong_number_] + "\": \"" + wrong_text_ +
                    "\" is not of type " + std::string(name(types_[wrong_number_])));
    ++rows_;
    return true;
  }

 private:
  const CsvDialect dialect_;
  const CsvColumns columns_;
  const std::vector<ColumnType> types_;
  const NaValues missing_;
  std::vector<std::unique_ptr<FieldParser>> parsers_;  // null for columns that are not used
  std::string_view source_;
  std::int64_t rows_ = 0, expected_;
  bool told_ = false;
  // Of the record that is being read: the first field that is not of its column's type. Reported at its end, when the line is known.
  std::size_t wrong_number_ = 0;
  std::string wrong_text_;
  bool wrong_ = false;
};

CsvParser::CsvParser(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows)
    : sink_(std::make_unique<Sink>(dialect, columns, types, rows)) {}
CsvParser::~CsvParser() = default;
std::int64_t CsvParser::add(const CsvRecords& records) { return sink_->add(records); }
Table CsvParser::finish() { return sink_->finish(); }

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
  CsvInferrer inferrer(dialect, columns);
  inferrer.add(records);
  return inferrer.finish();
}

Table parse(const CsvRecords& records, const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types) {
  // No more records than line ends: one allocation per column.
  CsvParser parser(dialect, columns, types, count_byte(records.bytes, '\n') + 1);
  parser.add(records);
  return parser.finish();
}

Table parse_csv(std::string_view text, const CsvDialect& dialect, const Names& usecols, const Names& parse_dates, std::string_view source) {
  const CsvHeader header = read_header(text, true, dialect, source);
  const CsvColumns columns = CsvColumns::make(header.names, usecols, parse_dates, source);
  const CsvRecords records{text.substr(static_cast<std::size_t>(header.data_offset)), header.data_line, source};
  return parse(records, dialect, columns, infer(records, dialect, columns).types());
}

}  // namespace ashlar::table
