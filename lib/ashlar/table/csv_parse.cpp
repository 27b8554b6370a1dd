#include "ashlar/table/csv_parse.hpp"

#include <cstdio>
#include <cstring>
#include <deque>
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
  }
  virtual ~Sink() = default;
  virtual std::int64_t add(const CsvRecords& records) = 0;
  virtual Table finish() = 0;
  std::int64_t converted() const { return converted_; }

 protected:
  void convert(std::size_t number, std::string_view text, FieldParser& parser) {
    if (missing_.contains(text)) {
      parser.append_null();
    } else if (!parser.append(text)) {
      wrong_ = true;
      wrong_number_ = number;
      wrong_text_ = text;
    }
  }
  void check_record(std::size_t fields, std::int64_t line) const {
    if (fields != columns_.names.size()) ragged(source_, line, fields, columns_.names.size());
    if (wrong_)
      throw IoError(std::string(source_) + ": line " + std::to_string(line) + ", column \"" + columns_.names[wrong_number_] + "\": \"" + wrong_text_ +
                    "\" is not of type " + std::string(name(types_[wrong_number_])));
  }
  /// The used columns; `of(c)` gives that of column c.
  template <class Of>
  Table table_of(const Of& of) {
    std::vector<std::string> names;
    std::vector<Column> out;
    for (std::size_t c = 0; c < types_.size(); ++c) {
      if (!columns_.used[c]) continue;
      names.push_back(columns_.names[c]);
      out.push_back(of(c));
    }
    return Table(std::move(names), std::move(out));
  }

  const CsvDialect dialect_;
  const CsvColumns columns_;
  const std::vector<ColumnType> types_;
  const NaValues missing_;
  std::string_view source_;
  std::int64_t rows_ = 0, expected_, converted_ = 0;
  // Of the record that is being read: the first field that is not of its column's type. Reported at its end, when the line is known.
  bool wrong_ = false;

 private:
  std::size_t wrong_number_ = 0;
  std::string wrong_text_;
};

class CsvParser::EverySink final : public Sink {
 public:
  EverySink(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows) : Sink(dialect, columns, types, rows) {
    for (std::size_t c = 0; c < types.size(); ++c) {
      parsers_.push_back(columns.used[c] ? make_parser(types[c], dialect, rows) : nullptr);
      used_ += columns.used[c];
    }
  }
  std::int64_t add(const CsvRecords& records) override {
    source_ = records.source;
    std::int64_t line = records.line;
    tokenize(records.bytes, dialect_, line, records.source, *this);
    if (!told_ && rows_ > 0 && rows_ < expected_)
      for (const auto& parser : parsers_)
        if (parser) parser->expect(static_cast<double>(rows_) / static_cast<double>(expected_));
    told_ = true;
    converted_ = rows_ * used_;
    return line;
  }
  Table finish() override {
    return table_of([&](std::size_t c) { return parsers_[c]->finish(); });
  }

  void field(std::size_t number, std::string_view text) {
    if (number < parsers_.size() && parsers_[number] && !wrong_) convert(number, text, *parsers_[number]);
  }
  bool end_record(std::size_t fields, std::int64_t line) {
    check_record(fields, line);
    ++rows_;
    return true;
  }

 private:
  std::vector<std::unique_ptr<FieldParser>> parsers_;  // null for columns that are not used
  std::int64_t used_ = 0;
  bool told_ = false;
};

// Strips of rows: the columns that tell which of them stay are converted, then of those that stay the fields of the other columns, whose places
// in the text were kept meanwhile.
class CsvParser::FilteringSink final : public Sink {
 public:
  FilteringSink(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows, CsvRowFilter filter)
      : Sink(dialect, columns, types, rows), filter_(std::move(filter)), at_once_(types.size()), parts_(types.size()), later_(types.size()), place_(types.size(), nowhere) {
    if (filter_.looked_at.size() != types.size() || filter_.doubted.size() != types.size() || !filter_.passes)
      throw ValueError("a filter of CSV rows speaks of every column: columns " + std::to_string(types.size()) + ", told of " +
                       std::to_string(filter_.looked_at.size()) + " and " + std::to_string(filter_.doubted.size()));
    for (std::size_t c = 0; c < types.size(); ++c) {
      if (filter_.looked_at[c] || (columns.used[c] && filter_.doubted[c])) converted_at_once_.push_back(c);
      else if (columns.used[c]) place_[c] = converted_later_.size(), converted_later_.push_back(c);
    }
    begin_strip();
  }
  std::int64_t add(const CsvRecords& records) override {
    source_ = records.source;
    from_ = reinterpret_cast<std::uintptr_t>(records.bytes.data());
    to_ = from_ + records.bytes.size();
    std::int64_t line = records.line;
    tokenize(records.bytes, dialect_, line, records.source, *this);
    end_strip();  // the text goes away
    return line;
  }
  Table finish() override {
    return table_of([&](std::size_t c) {
      if (place_[c] != nowhere) return later_[c] ? later_[c]->finish() : make_parser(types_[c], dialect_, 0)->finish();
      return parts_[c].empty() ? make_parser(types_[c], dialect_, 0)->finish() : parts_[c].size() == 1 ? parts_[c][0] : Column::concat(parts_[c]);
    });
  }

  void field(std::size_t number, std::string_view text) {
    if (number >= place_.size() || wrong_) return;
    if (at_once_[number]) {
      convert(number, text, *at_once_[number]);
    } else if (place_[number] != nowhere) {
      const auto at = reinterpret_cast<std::uintptr_t>(text.data());
      // A text that is not in the records was put together from a quoted field, and lives until this call returns.
      if (at < from_ || at + text.size() > to_) text = put_together_.emplace_back(text);
      texts_[lines_.size() * converted_later_.size() + place_[number]] = text;
    }
  }
  bool end_record(std::size_t fields, std::int64_t line) {
    check_record(fields, line);
    lines_.push_back(line);
    if (lines_.size() == strip_rows) end_strip();
    return true;
  }

 private:
  static constexpr std::size_t strip_rows = 2048, nowhere = std::numeric_limits<std::size_t>::max();

  void begin_strip() {
    for (const std::size_t c : converted_at_once_) at_once_[c] = make_parser(types_[c], dialect_, static_cast<std::int64_t>(strip_rows));
    texts_.resize(strip_rows * converted_later_.size());
    lines_.clear();
    put_together_.clear();
  }
  void end_strip() {
    if (lines_.empty()) return;
    const auto n = static_cast<std::int64_t>(lines_.size());
    std::vector<std::string> names;
    std::vector<Column> columns;
    for (const std::size_t c : converted_at_once_) {
      Column column = at_once_[c]->finish();
      converted_ += n;
      if (columns_.used[c]) parts_[c].push_back(column);
      if (!filter_.looked_at[c]) continue;
      names.push_back(columns_.names[c]);
      columns.push_back(std::move(column));
    }
    const auto rows = rows_where(filter_.passes(Table(std::move(names), std::move(columns))), n);
    rows_ += n;
    kept_ += static_cast<std::int64_t>(rows.size());
    for (const std::size_t c : converted_at_once_) {
      if (!columns_.used[c]) continue;
      if (rows.empty()) parts_[c].pop_back();
      else if (rows.size() < lines_.size()) parts_[c].back() = parts_[c].back().take(rows);
    }
    if (!rows.empty())
      for (const std::size_t c : converted_later_) convert_later(c, rows);
    begin_strip();
  }
  void convert_later(std::size_t c, const std::vector<std::int64_t>& rows) {
    const std::size_t width = converted_later_.size();
    const bool first = !later_[c];
    // As many as there will be when the rest is as what was seen.
    const double part = rows_ < expected_ ? static_cast<double>(rows_) / static_cast<double>(expected_) : 1.0;
    if (first) later_[c] = make_parser(types_[c], dialect_, static_cast<std::int64_t>(static_cast<double>(kept_) / part * 1.05) + 64);
    for (const std::int64_t row : rows) {
      convert(c, texts_[static_cast<std::size_t>(row) * width + place_[c]], *later_[c]);
      if (wrong_) check_record(columns_.names.size(), lines_[static_cast<std::size_t>(row)]);
    }
    converted_ += static_cast<std::int64_t>(rows.size());
    if (first && part < 1.0) later_[c]->expect(part);
  }

  const CsvRowFilter filter_;
  std::vector<std::size_t> converted_at_once_, converted_later_;  // columns of the file
  std::vector<std::unique_ptr<FieldParser>> at_once_;             // of this strip
  std::vector<std::vector<Column>> parts_;                        // what stayed of the strips before
  std::vector<std::unique_ptr<FieldParser>> later_;
  std::vector<std::size_t> place_;         // among those converted later
  std::vector<std::string_view> texts_;    // of this strip, row by row
  std::deque<std::string> put_together_;
  std::vector<std::int64_t> lines_;
  std::int64_t kept_ = 0;
  std::uintptr_t from_ = 0, to_ = 0;
};

CsvParser::CsvParser(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows)
    : sink_(std::make_unique<EverySink>(dialect, columns, types, rows)) {}
CsvParser::CsvParser(const CsvDialect& dialect, const CsvColumns& columns, const std::vector<ColumnType>& types, std::int64_t rows, CsvRowFilter filter)
    : sink_(std::make_unique<FilteringSink>(dialect, columns, types, rows, std::move(filter))) {}
CsvParser::~CsvParser() = default;
std::int64_t CsvParser::add(const CsvRecords& records) { return sink_->add(records); }
std::int64_t CsvParser::converted() const { return sink_->converted(); }
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
