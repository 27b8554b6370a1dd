#pragma once
// The fields of whole records, one after the other. For sources of this floor.

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "ashlar/table/csv_dialect.hpp"

namespace ashlar::table {

/// Calls sink.field(number, text) for each field (the text lives until the call returns) and sink.end_record(fields, line) after each record, with
/// the number of the line at which it begins. A sink may end the reading by returning false from end_record.
/// Returns the bytes that were read. Errors    IoError for a quoted field that does not end.
template <class Sink>
std::size_t tokenize(std::string_view bytes, const CsvDialect& dialect, std::int64_t line, std::string_view source, Sink& sink) {
  std::array<bool, 256> ends_field{};
  for (const char c : {dialect.sep, '\n', '\r'}) ends_field[static_cast<unsigned char>(c)] = true;
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  const char quote = dialect.quotechar;
  const bool quoting = quote != '\0';
  std::string scratch;

  const auto pass_line_end = [&] {
    if (p == end) return;
    if (*p == '\r' && p + 1 < end && p[1] == '\n') ++p;
    ++p;
    ++line;
  };
  const auto pass_unquoted = [&] {
    while (p < end && !ends_field[static_cast<unsigned char>(*p)]) ++p;
  };
  const auto count_lines = [&](const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) line += text[i] == '\r' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'));
  };

  while (p < end) {
    if (dialect.skip_blank_lines) {
      const char* q = p;
      while (q < end && (*q == ' ' || *q == '\t') && *q != dialect.sep) ++q;
      if (q == end || *q == '\n' || *q == '\r') {
        p = q;
        pass_line_end();
        continue;
      }
    }
    const std::int64_t record_line = line;
    std::size_t number = 0;
    while (true) {
      if (quoting && p < end && *p == quote) {
        scratch.clear();
        ++p;
        while (true) {
          const char* q = p < end ? static_cast<const char*>(std::memchr(p, quote, static_cast<std::size_t>(end - p))) : nullptr;
          if (!q)
            throw IoError(std::string(source) + ": line " + std::to_string(record_line) + " begins a record with a quoted field that never ends (field " +
                          std::to_string(number + 1) + ")");
          scratch.append(p, q);
          p = q + 1;
          if (p == end || *p != quote) break;
          scratch += quote;  // two are one
          ++p;
        }
        count_lines(scratch);
        const char* behind = p;
        pass_unquoted();
        scratch.append(behind, p);
        sink.field(number++, std::string_view(scratch));
      } else {
        const char* begin = p;
        pass_unquoted();
        sink.field(number++, std::string_view(begin, static_cast<std::size_t>(p - begin)));
      }
      if (p < end && *p == dialect.sep) {
        ++p;
        continue;
      }
      break;
    }
    pass_line_end();
    if (!sink.end_record(number, record_line)) break;
  }
  return static_cast<std::size_t>(p - bytes.data());
}

}  // namespace ashlar::table
