// libFuzzer on the CSV scanner and parser: a file cut anywhere, and one read block by block, is read as it is read whole, or refused with the
// same words. Built when asked for (scripts/fuzz.sh), not with the tests.
//
// An input is three bytes that choose the dialect, where to cut and how long a block is, then the text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
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

void expect_same(std::string_view how, const Outcome& whole, const Outcome& parts) {
  // All bytes are looked at before all records: where both are wrong, parts may say the other. Else the words are the same.
  const bool bytes_wrong = whole.refused.find("zero byte") != std::string::npos || whole.refused.find("UTF-8") != std::string::npos;
  const bool same = whole.table.has_value() == parts.table.has_value() &&
                    (whole.table ? *whole.table == *parts.table : bytes_wrong || whole.refused == parts.refused);
  if (same) return;
  std::cerr << how << " changed what was read or refused\nwhole: " << (whole.table ? "read" : whole.refused) << "\nparts: " << (parts.table ? "read" : parts.refused) << '\n';
  if (whole.table && parts.table) std::cerr << *whole.table << '\n' << *parts.table << '\n';
  std::abort();
}

[[noreturn]] void fail_scan(std::size_t state, const RangeScan& blocks, const RangeScan& whole) {
  const auto say = [&](const char* how, const RangeScan& scan) {
    const auto& from = scan.from[state];
    std::cerr << how << ": to " << static_cast<int>(from.exit) << ", first record at " << from.first_record << ", " << from.lines_before << " lines before, of " << scan.lines << '\n';
  };
  std::cerr << "blocks changed the scan from state " << state << '\n';
  say("whole", whole);
  say("blocks", blocks);
  std::abort();
}

// As read_csv reads the records of a partition: what is not the end of a record waits for the next bytes, in a block that grows when one is longer.
// Each block has exactly the memory that it may be read in.
void each_block(std::string_view bytes, std::size_t block, std::int64_t line, const CsvDialect& dialect, const std::function<std::int64_t(const CsvRecords&)>& read) {
  std::size_t at = 0, kept = 0;
  do {
    if (kept == block) block *= 2;
    const std::size_t n = std::min(block - kept, bytes.size() - at);
    const auto text = std::make_unique<char[]>(kept + n);
    std::memcpy(text.get(), bytes.data() + at - kept, kept + n);
    at += n;
    const std::size_t records = at == bytes.size() ? kept + n : whole_records({text.get(), kept + n}, dialect);
    if (records > kept + n) std::abort();
    if (records || at == bytes.size()) line = read({{text.get(), records}, line, "file"});
    kept += n - records;
  } while (at < bytes.size());
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
  expect_same("a cut", whole, cut);

  const std::size_t block = std::max<std::size_t>(1 + (data[2] >> 1), body.size() / 24);
  const Outcome blocks = outcome_of([&] {
    CsvInferrer inferrer(dialect, columns);
    each_block(body, block, header.data_line, dialect, [&](const CsvRecords& records) { return inferrer.add(records); });
    const CsvInference inferred = inferrer.finish();
    CsvParser parser(dialect, columns, inferred.types(), inferred.rows);
    each_block(body, block, header.data_line, dialect, [&](const CsvRecords& records) { return parser.add(records); });
    return parser.finish();
  });
  expect_same("reading in blocks", whole, blocks);

  // The scan of a range is that of its blocks, one after another.
  RangeScan all = scan_range({}, dialect);
  for (std::size_t at = 0; at < body.size(); at += block) all = compose(all, scan_range(std::string_view(body).substr(at, block), dialect));
  const RangeScan at_once = scan_range(body, dialect);
  for (std::size_t state = 0; state < all.from.size(); ++state)
    if (all.from[state].exit != at_once.from[state].exit || all.from[state].first_record != at_once.from[state].first_record ||
        all.from[state].lines_before != at_once.from[state].lines_before || all.nbytes != at_once.nbytes || all.lines != at_once.lines)
      fail_scan(state, all, at_once);
  return 0;
}
