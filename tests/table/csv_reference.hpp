#pragma once
// A CSV reader that reads one character at a time and knows nothing of ranges, and a maker of nasty CSV text. Shares no code with the library.

#include <random>
#include <string>
#include <vector>

namespace ashlar::reference {

struct Record {
  std::vector<std::string> fields;
  std::int64_t line = 0;       // of its first character
  std::size_t offset = 0;      // of its first character
};

inline std::vector<Record> read_records(const std::string& text, char sep = ',') {
  std::vector<Record> records;
  Record record;
  std::string field;
  std::int64_t line = 1;
  bool quoted = false, any = false, field_begins = true;
  record.line = 1;
  const auto end_record = [&](std::size_t next) {
    record.fields.push_back(field);
    const bool blank = record.fields.size() == 1 && !any && field.find_first_not_of(" \t") == std::string::npos;
    if (!blank) records.push_back(record);
    record = Record{{}, line, next};
    field.clear();
    any = false;
    field_begins = true;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool newline = c == '\r' || (c == '\n' && (i == 0 || text[i - 1] != '\r'));
    if (newline) ++line;
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += '"';
        ++i;
      } else {
        quoted = false;
      }
      continue;
    }
    if (c == '"' && field_begins) {
      quoted = true;
      any = true;  // "" is a field, not a blank line
      field_begins = false;
    } else if (c == sep) {
      record.fields.push_back(field);
      field.clear();
      any = true;
      field_begins = true;
    } else if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      end_record(i + 1);
    } else {
      field += c;
      field_begins = false;
    }
  }
  if (!field.empty() || !record.fields.empty() || any) end_record(text.size());
  return records;
}

// `columns` fields a record, quotes and line ends wherever they may stand.
inline std::string nasty_csv(std::mt19937_64& random, int columns, int rows) {
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const std::string plain = "ab1-.\"' \xe9";  // the last stands for a character of two bytes
  const std::string inside = "ab,\n\r\"\"1 ";
  const char* ends[] = {"\n", "\r\n", "\r"};
  const int style = pick(4);  // 3: mixed
  std::string out;
  for (int r = 0; r < rows; ++r) {
    if (pick(10) == 0) out += std::string(static_cast<std::size_t>(pick(3)), ' ') + ends[style == 3 ? pick(3) : style];
    for (int c = 0; c < columns; ++c) {
      if (c) out += ',';
      switch (pick(4)) {
        case 0: break;
        case 1: out += std::to_string(pick(1000)); break;
        case 2:
          for (int k = pick(6); k > 0; --k) {
            const char ch = plain[static_cast<std::size_t>(pick(static_cast<int>(plain.size())))];
            if (ch == '\xe9') out += "\xc3\xa9";
            else if (ch != '"' || (!out.empty() && out.back() != ',' && out.back() != '\n' && out.back() != '\r')) out += ch;
          }
          break;
        default:
          out += '"';
          for (int k = pick(6); k > 0; --k) {
            const char ch = inside[static_cast<std::size_t>(pick(static_cast<int>(inside.size())))];
            out += ch;
            if (ch == '"') out += ch;
          }
          out += '"';
          if (pick(8) == 0) out += "x\"y";
      }
    }
    if (r + 1 < rows || pick(2)) out += ends[style == 3 ? pick(3) : style];
  }
  return out;
}

}  // namespace ashlar::reference
