#include "ashlar/table/csv_dialect.hpp"

#include <algorithm>

namespace ashlar::table {

void CsvDialect::check() const {
  for (const char c : {sep, quotechar, decimal, thousands})
    if (c == '\n' || c == '\r') throw ValueError("a line end cannot be the separator, quote or decimal point of a CSV file");
  if (sep == quotechar || sep == decimal || quotechar == decimal || sep == '\0')
    throw ValueError("the separator, quote and decimal point of a CSV file are three different characters, found '" + std::string(1, sep) + "', '" +
                     std::string(1, quotechar) + "', '" + std::string(1, decimal) + "'");
  if (thousands != '\0' && (thousands == decimal || thousands == quotechar || (thousands >= '0' && thousands <= '9')))
    throw ValueError(std::string("what stands between thousands is no digit, and neither the decimal point nor the quote of a CSV file, found '") + thousands + "'");
}

void CsvDialect::encode(Writer& out) const {
  out.put(sep);
  out.put(quotechar);
  out.put(decimal);
  out.put(thousands);
  out.put(header);
  out.put(skip_blank_lines);
  out.put(keep_default_na);
  out.put<std::uint64_t>(na_values.size());
  for (const auto& v : na_values) out.text(v);
}

CsvDialect CsvDialect::decode(Reader& in) {
  CsvDialect d;
  d.sep = in.get<char>();
  d.quotechar = in.get<char>();
  d.decimal = in.get<char>();
  d.thousands = in.get<char>();
  d.header = in.get<bool>();
  d.skip_blank_lines = in.get<bool>();
  d.keep_default_na = in.get<bool>();
  for (auto n = in.get<std::uint64_t>(); n > 0; --n) d.na_values.push_back(in.text());
  return d;
}

const std::vector<std::string>& default_na_values() {
  static const std::vector<std::string> values = {"",     "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
                                                  "<NA>", "N/A",  "NA",       "NULL", "NaN",    "None",     "n/a",  "nan",  "null"};
  return values;
}

NaValues::NaValues(const CsvDialect& dialect) {
  const auto add = [&](const std::vector<std::string>& values) {
    for (const std::string& v : values) {
      if (v.empty()) {
        empty_ = true;
        continue;
      }
      texts_.insert(v);
      first_[static_cast<unsigned char>(v.front())] = true;
      last_[static_cast<unsigned char>(v.back())] = true;
      longest_ = std::max(longest_, v.size());
    }
  };
  if (dialect.keep_default_na) add(default_na_values());
  add(dialect.na_values);
}

CsvColumns CsvColumns::make(std::vector<std::string> names, const Names& usecols, const Names& parse_dates, std::string_view source) {
  CsvColumns out;
  const auto find = [&](const std::string& name, std::string_view option) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
    std::string known;
    for (const auto& n : names) known += (known.empty() ? "" : ", ") + n;
    throw KeyError(std::string(source) + ": no column for " + std::string(option) + ": \"" + name + "\"; the header has " + known);
  };
  out.used.assign(names.size(), usecols.v.empty());
  out.dates.assign(names.size(), false);
  for (const auto& n : usecols.v) out.used[find(n, "usecols")] = true;
  for (const auto& n : parse_dates.v) out.dates[find(n, "parse_dates")] = true;
  out.names = std::move(names);
  return out;
}

void CsvColumns::encode(Writer& out) const {
  out.put<std::uint64_t>(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.text(names[i]);
    out.put<bool>(used[i]);
    out.put<bool>(dates[i]);
  }
}

CsvColumns CsvColumns::decode(Reader& in) {
  CsvColumns out;
  for (auto n = in.get<std::uint64_t>(); n > 0; --n) {
    out.names.push_back(in.text());
    out.used.push_back(in.get<bool>());
    out.dates.push_back(in.get<bool>());
  }
  return out;
}

}  // namespace ashlar::table
