#include "ashlar/table/csv_write.hpp"

#include <charconv>
#include <cmath>

#include "ashlar/table/timestamp_text.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

template <class T>
void append_float(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-inf" : "inf";
    return;
  }
  char text[64];
  const double size = std::abs(static_cast<double>(value));
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(text, text + sizeof text, value, plain ? std::chars_format::fixed : std::chars_format::scientific).ptr;
  out.append(text, end);
  if (plain && std::string_view(text, static_cast<std::size_t>(end - text)).find('.') == std::string_view::npos) out += ".0";
}

class FieldWriter {
 public:
  FieldWriter(std::string& out, const CsvFormat& format) : out_(out), format_(format) {}

  void text(std::string_view value, bool alone) {
    bool quote = alone && value.empty();
    for (const char c : value) quote |= c == format_.sep || c == format_.quotechar || c == '\n' || c == '\r';
    if (!quote) {
      out_ += value;
      return;
    }
    out_ += format_.quotechar;
    for (const char c : value) {
      if (c == format_.quotechar) out_ += c;
      out_ += c;
    }
    out_ += format_.quotechar;
  }

  void element(const Column& column, std::int64_t row, bool alone) {
    if (column.is_null(row)) return text(format_.na_rep, alone);
    switch (column.type()) {
      case ColumnType::string:
        return text(column.text(row), alone);
      case ColumnType::timestamp:
        return text(format_timestamp(column.values<timestamp>()[static_cast<std::size_t>(row)]), alone);
      case ColumnType::duration:
        return text(format_duration(column.values<duration>()[static_cast<std::size_t>(row)]), alone);
      default:
        break;
    }
    dispatch_numeric(column.type(), [&]<class T>(std::type_identity<T>) {
      const T value = static_cast<const T*>(column.address())[row];
      if constexpr (std::is_same_v<T, bool>) {
        out_ += value ? "True" : "False";
      } else if constexpr (std::is_floating_point_v<T>) {
        append_float(out_, value);
      } else {
        char digits[24];
        out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
      }
    });
  }

 private:
  std::string& out_;
  const CsvFormat& format_;
};

}  // namespace

void CsvFormat::check() const {
  for (const char c : {sep, quotechar})
    if (c == '\n' || c == '\r' || c == '\0') throw ValueError("the separator and the quote of a CSV file are no line end and no zero byte");
  if (sep == quotechar) throw ValueError("the separator and the quote of a CSV file are two different characters, found '" + std::string(1, sep) + "' twice");
}

void CsvFormat::encode(Writer& out) const {
  out.put(sep);
  out.put(quotechar);
  out.text(na_rep);
  out.put(header);
}
CsvFormat CsvFormat::decode(Reader& in) {
  CsvFormat format;
  format.sep = in.get<char>();
  format.quotechar = in.get<char>();
  format.na_rep = in.text();
  format.header = in.get<bool>();
  return format;
}

std::string write_csv(const Table& rows, const CsvFormat& format) {
  format.check();
  Table table = rows;
  for (std::int64_t c = 0; c < rows.ncols(); ++c)
    if (rows.at(c).type() == ColumnType::category)
      table = table.with_column(rows.columns()[static_cast<std::size_t>(c)], rows.at(c).cast(ColumnType::string));
  std::string out;
  FieldWriter writer(out, format);
  const bool alone = table.ncols() == 1;
  if (format.header) {
    for (std::int64_t c = 0; c < table.ncols(); ++c) {
      if (c) out += format.sep;
      writer.text(table.columns()[static_cast<std::size_t>(c)], alone);
    }
    out += '\n';
  }
  for (std::int64_t row = 0; row < table.nrows(); ++row) {
    for (std::int64_t c = 0; c < table.ncols(); ++c) {
      if (c) out += format.sep;
      writer.element(table.at(c), row, alone);
    }
    out += '\n';
  }
  return out;
}

}  // namespace ashlar::table
