#include "ashlar/table/csv_scan.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "ashlar/table/csv_tokenize_detail.hpp"
#include "ashlar/table/utf8_detail.hpp"

namespace ashlar::table {
namespace {

using enum ScanState;

class Automaton {
 public:
  explicit Automaton(const CsvDialect& dialect) : sep_(dialect.sep), quote_(dialect.quotechar) {}

  ScanState step(ScanState state, char c) const {
    const bool is_quote = quote_ != '\0' && c == quote_;
    if (state == quoted) return is_quote ? quote_in_quoted : quoted;
    if (state == quote_in_quoted && is_quote) return quoted;
    if (c == '\n') return record_start;
    if (c == '\r') return after_cr;
    if (c == sep_) return field_start;
    if (is_quote && (state == record_start || state == field_start || state == after_cr)) return quoted;
    return unquoted;
  }

  // Whether a record begins with the byte `c` that is read in `state`.
  static bool begins_record(ScanState state, char c) { return state == record_start || (state == after_cr && c != '\n'); }

  // The state behind [begin, end) when it is `state` before it; quotes are jumped to.
  ScanState run(ScanState state, const char* begin, const char* end) const {
    const char* p = begin;
    while (p < end) {
      if (state == quote_in_quoted || quote_ == '\0') {
        if (quote_ == '\0') return step(unquoted, end[-1]);
        state = step(state, *p++);
        continue;
      }
      const char* q = static_cast<const char*>(std::memchr(p, quote_, static_cast<std::size_t>(end - p)));
      if (state == quoted) {
        if (!q) return quoted;
        state = quote_in_quoted;
      } else {
        // Outside of quotes a state is told by the byte before.
        if (!q) return step(unquoted, end[-1]);
        state = step(q == p ? state : step(unquoted, q[-1]), quote_);
      }
      p = q + 1;
    }
    return state;
  }

 private:
  char sep_, quote_;
};

}  // namespace

RangeScan scan_range(std::string_view bytes, const CsvDialect& dialect) {
  const Automaton automaton(dialect);
  RangeScan out;
  out.nbytes = static_cast<std::int64_t>(bytes.size());
  std::array<ScanState, scan_states> now;
  for (std::size_t s = 0; s < scan_states; ++s) {
    now[s] = static_cast<ScanState>(s);
    out.from[s] = {now[s], -1, 0};
  }

  // Byte by byte until every way has met its first record, or only the ways inside of quotes have not.
  std::size_t i = 0;
  const auto settled = [&] {
    std::set<ScanState> different(now.begin(), now.end());
    if (different.size() > 2) return false;
    for (std::size_t s = 0; s < scan_states; ++s)
      if (out.from[s].first_record < 0 && now[s] != quoted) return false;
    return true;
  };
  for (std::size_t check = 16; i < bytes.size(); ++i) {
    if (i == check) {
      if (settled()) break;
      check += std::max<std::size_t>(16, check / 4);
    }
    for (std::size_t s = 0; s < scan_states; ++s) {
      auto& first = out.from[s].first_record;
      if (first < 0 && Automaton::begins_record(now[s], bytes[i])) first = static_cast<std::int64_t>(i);
      now[s] = automaton.step(now[s], bytes[i]);
    }
  }

  // Then block by block; ways that meet go on as one.
  constexpr std::size_t block = 1 << 16;
  while (i < bytes.size()) {
    const std::size_t end = std::min(bytes.size(), i + block);
    std::array<ScanState, scan_states> next = now;
    for (std::size_t s = 0; s < scan_states; ++s) {
      auto& first = out.from[s].first_record;
      if (first < 0) {
        // Inside of quotes so far: nothing begins before the next quote.
        ScanState state = now[s];
        std::size_t at = i;
        if (state == quoted) {
          const void* q = std::memchr(bytes.data() + at, dialect.quotechar, end - at);
          at = q ? static_cast<std::size_t>(static_cast<const char*>(q) - bytes.data()) : end;
        }
        for (; at < end && first < 0; ++at) {
          if (Automaton::begins_record(state, bytes[at])) {
            first = static_cast<std::int64_t>(at);
            break;
          }
          state = automaton.step(state, bytes[at]);
        }
        next[s] = automaton.run(state, bytes.data() + at, bytes.data() + end);
        continue;
      }
      std::size_t same = 0;
      while (same < s && (now[same] != now[s])) ++same;
      next[s] = same < s ? next[same] : automaton.run(now[s], bytes.data() + i, bytes.data() + end);
    }
    now = next;
    i = end;
  }

  for (std::size_t s = 0; s < scan_states; ++s) {
    auto& o = out.from[s];
    o.exit = now[s];
    for (std::size_t before = 0; before < s; ++before)
      if (out.from[before].first_record == o.first_record) o.lines_before = out.from[before].lines_before;
    if (o.first_record > 0 && o.lines_before == 0) o.lines_before = count_line_ends(bytes.substr(0, static_cast<std::size_t>(o.first_record)));
  }
  out.lines = count_line_ends(bytes);
  out.begins_with_lf = !bytes.empty() && bytes.front() == '\n';
  out.ends_with_cr = !bytes.empty() && bytes.back() == '\r';
  return out;
}

std::size_t whole_records(std::string_view bytes, const CsvDialect& dialect) {
  const Automaton automaton(dialect);
  std::size_t found = 0;
  // A part outside of quotes: behind its last line end. Of a CR at the very end nobody knows whether LF follows.
  const auto look = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = end; i-- > begin;)
      if (bytes[i] == '\n' || (bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] != '\n')) {
        found = i + 1;
        return;
      }
  };
  const std::size_t n = bytes.size();
  std::size_t at = 0, outside = 0;
  ScanState state = record_start;
  while (at < n && dialect.quotechar != '\0') {
    if (state == quote_in_quoted) {
      state = automaton.step(state, bytes[at++]);
      continue;
    }
    const void* const next = std::memchr(bytes.data() + at, dialect.quotechar, n - at);
    if (!next) break;
    const auto q = static_cast<std::size_t>(static_cast<const char*>(next) - bytes.data());
    if (state == quoted) {
      state = quote_in_quoted;
      outside = q + 1;
    } else {
      state = automaton.step(q == at ? state : automaton.step(unquoted, bytes[q - 1]), dialect.quotechar);
      if (state == quoted) look(outside, q);
    }
    at = q + 1;
  }
  if (state != quoted) look(outside, n);
  return found;
}

RangeScan compose(const RangeScan& a, const RangeScan& b) {
  if (a.nbytes == 0) return b;
  if (b.nbytes == 0) return a;
  RangeScan out;
  const std::int64_t shared = a.ends_with_cr && b.begins_with_lf ? 1 : 0;  // one line end, cut in two
  for (std::size_t s = 0; s < scan_states; ++s) {
    const auto& first = a.from[s];
    const auto& second = b.from[static_cast<std::size_t>(first.exit)];
    out.from[s] = {second.exit, first.first_record, first.lines_before};
    if (first.first_record < 0 && second.first_record >= 0) {
      out.from[s].first_record = a.nbytes + second.first_record;
      out.from[s].lines_before = a.lines + second.lines_before - (second.first_record > 0 ? shared : 0);
    }
  }
  out.nbytes = a.nbytes + b.nbytes;
  out.lines = a.lines + b.lines - shared;
  out.begins_with_lf = a.begins_with_lf;
  out.ends_with_cr = b.ends_with_cr;
  return out;
}

RecordBorders record_borders(std::span<const RangeScan> ranges, std::int64_t offset, std::int64_t line) {
  RecordBorders out;
  std::vector<bool> open;  // borders of ranges in which no record begins
  ScanState state = record_start;
  bool after_carriage_return = false;
  for (const RangeScan& range : ranges) {
    const auto& outcome = range.from[static_cast<std::size_t>(state)];
    const std::int64_t shared = after_carriage_return && range.begins_with_lf ? 1 : 0;
    const bool begins = range.nbytes > 0 && outcome.first_record >= 0;
    out.at.push_back({offset + outcome.first_record, line + outcome.lines_before - (outcome.first_record > 0 ? shared : 0)});
    open.push_back(!begins);
    offset += range.nbytes;
    line += range.lines - shared;
    if (range.nbytes == 0) continue;
    state = outcome.exit;
    after_carriage_return = range.ends_with_cr;
  }
  out.at.push_back({offset, line});
  for (std::size_t k = open.size(); k-- > 0;)
    if (open[k]) out.at[k] = out.at[k + 1];
  out.ends_inside_quotes = state == quoted;
  return out;
}

namespace {

struct FirstRecord {
  std::vector<std::string> fields;
  void field(std::size_t, std::string_view text) { fields.emplace_back(text); }
  bool end_record(std::size_t, std::int64_t) { return false; }
};

void name_columns(std::vector<std::string>& names) {
  std::set<std::string> given;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) names[i] = "Unnamed: " + std::to_string(i);
    const std::string wanted = names[i];
    for (int k = 1; !given.insert(names[i]).second; ++k) names[i] = wanted + "." + std::to_string(k);
  }
}

}  // namespace

CsvHeader read_header(std::string_view beginning, bool whole, const CsvDialect& dialect, std::string_view source) {
  dialect.check();
  CsvHeader header;
  const std::size_t mark = beginning.starts_with("\xef\xbb\xbf") ? 3 : 0;
  std::string_view bytes = beginning.substr(mark);
  if (bytes.find('\0') != std::string_view::npos)
    throw IoError(std::string(source) + " is not a CSV file: it holds a zero byte at line " +
                  std::to_string(1 + count_line_ends(bytes.substr(0, bytes.find('\0')))));
  // The end of the first record that is not blank must be seen, and the byte behind a CR.
  FirstRecord first;
  std::size_t read = 0;
  std::int64_t line = 1;
  if (whole) {
    read = tokenize(bytes, dialect, line, source, first);
  } else {
    const Automaton automaton(dialect);
    ScanState state = record_start;
    std::size_t last_end = 0;  // behind the last line end outside of quotes
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (Automaton::begins_record(state, bytes[i])) last_end = i;
      state = automaton.step(state, bytes[i]);
    }
    if (state == record_start) last_end = bytes.size();
    read = tokenize(bytes.substr(0, last_end), dialect, line, source, first);
    if (first.fields.empty()) return header;
  }
  for (const std::string& name : first.fields)
    if (text_ends(name) != name.size())
      throw IoError(std::string(source) + ": the names of the columns are not UTF-8; say .encoding = \"latin-1\" if they are that");
  if (first.fields.empty()) throw IoError(std::string(source) + " is not a CSV file: it is empty, a header with the names of the columns is wanted");
  header.complete = true;
  header.data_offset = static_cast<std::int64_t>(mark);
  if (dialect.header) {
    header.data_offset += static_cast<std::int64_t>(read);
    header.data_line += count_line_ends(bytes.substr(0, read));
    header.names = std::move(first.fields);
    name_columns(header.names);
  } else {
    for (std::size_t i = 0; i < first.fields.size(); ++i) header.names.push_back(std::to_string(i));
  }
  return header;
}

}  // namespace ashlar::table
