// libFuzzer on the CSV scanner and parser: a file cut anywhere is read as it is read whole, or refused with the same words. Built when asked for
// (scripts/fuzz.sh), not with the tests.
//
// An input is three bytes that choose the dialect and where to cut, then the text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "ashlar/table/csv_parse.hpp"

using namespace ashlar;
using namespace ashlar::table;

namespace {

struct Outcome {
  std::optional<Table> table;
  std::string refused;
};
template <class Fn>
Outcome outcome_of(Fn fn) {
  try {
    return {fn(), {}};
  } catch (const IoError& e) {
    return {{}, e.what()};
  }
}

[[noreturn]] void fail(std::string_view what, const Outcome& whole, const Outcome& cut) {
  std::cerr << what << "\nwhole: " << (whole.table ? "read" : whole.refused) << "\ncut:   " << (cut.table ? "read" : cut.refused) << '\n';
  if (whole.table && cut.table) std::cerr << *whole.table << '\n' << *cut.table << '\n';
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  CsvDialect dialect;
  static constexpr char seps[] = {',', ';', '\t', ' '};
  dialect.sep = seps[data[0] & 3];
  dialect.quotechar = data[0] & 4 ? '\0' : data[0] & 8 ? '\'' : '"';
  dialect.header = !(data[0] & 16);
  dialect.skip_blank_lines = !(data[0] & 32);
  dialect.keep_default_na = !(data[0] & 64);
  if (data[0] & 128 && dialect.sep != '_') dialect.thousands = '_';
  // Exactly as many bytes as the text has: whoever reads behind them is found out.
  const std::string text(reinterpret_cast<const char*>(data) + 3, size - 3);

  CsvHeader header;
  try {
    header = read_header(text, true, dialect, "file");
  } catch (const IoError&) {
    return 0;
  }
  const CsvColumns columns = CsvColumns::make(header.names, {}, data[2] & 1 ? Names{header.names[0]} : Names{}, "file");
  const std::string body = text.substr(static_cast<std::size_t>(header.data_offset));
  const Outcome whole = outcome_of([&] {
    const CsvRecords records{body, header.data_line, "file"};
    return parse(records, dialect, columns, infer(records, dialect, columns).types());
  });

  // Small pieces of small texts, a dozen of larger ones: each piece costs.
  const std::size_t step = std::max<std::size_t>(1 + data[1], body.size() / 12);
  std::vector<std::string> bytes;  // each piece in memory of its own
  for (std::size_t at = 0; at == 0 || at < body.size(); at += step) bytes.push_back(body.substr(at, step));
  std::vector<RangeScan> scans;
  for (const std::string& piece : bytes) scans.push_back(scan_range(piece, dialect));
  const RecordBorders borders = record_borders(scans, header.data_offset, header.data_line);
  const Outcome cut = outcome_of([&] {
    std::vector<std::string> pieces;
    for (std::size_t k = 0; k + 1 < borders.at.size(); ++k)
      pieces.push_back(text.substr(static_cast<std::size_t>(borders.at[k].offset), static_cast<std::size_t>(borders.at[k + 1].offset - borders.at[k].offset)));
    CsvInference all;
    for (std::size_t k = 0; k < pieces.size(); ++k) all.merge(infer({pieces[k], borders.at[k].line, "file"}, dialect, columns));
    std::vector<Table> tables;
    for (std::size_t k = 0; k < pieces.size(); ++k) tables.push_back(parse({pieces[k], borders.at[k].line, "file"}, dialect, columns, all.types()));
    return Table::concat(tables);
  });
  if (whole.table.has_value() != cut.table.has_value() || (whole.table && !(*whole.table == *cut.table))) fail("a cut changed what was read", whole, cut);
  // All bytes are looked at before all records: where both are wrong, pieces may say the other. Else the words are the same.
  const bool bytes_wrong = whole.refused.find("zero byte") != std::string::npos || whole.refused.find("UTF-8") != std::string::npos;
  if (!whole.table && !bytes_wrong && whole.refused != cut.refused) fail("a cut changed what was refused", whole, cut);
  return 0;
}
