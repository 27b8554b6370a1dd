// Tables and columns as text, as pandas prints them with its default options: precision 6, 50 characters a cell, 60 rows,
// and as many columns as the width holds. The quirks (a leading blank before all but times, which middle column goes first when
// it is too wide) are pandas'.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "ashlar/table/table.hpp"
#include "ashlar/table/timestamp_text.hpp"

namespace ashlar {
namespace {

using Strings = std::vector<std::string>;
constexpr std::size_t kCellMax = 50;
constexpr int kDigits = 6;

// Characters, not bytes: UTF-8 continuation bytes do not count.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string first_characters(const std::string& text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && count-- == 0) break;
  return text.substr(0, at);
}

std::size_t widest(const Strings& texts) {
  std::size_t n = 0;
  for (const auto& t : texts) n = std::max(n, width_of(t));
  return n;
}

std::string right(const std::string& text, std::size_t width) { return std::string(width - std::min(width, width_of(text)), ' ') + text; }
std::string left(const std::string& text, std::size_t width) { return text + std::string(width - std::min(width, width_of(text)), ' '); }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out;
}

// "-12.340": a sign or blank, digits, a point, digits; what trailing zeros are cut from.
bool plain_decimal(const std::string& text) {
  return text.find('.') != std::string::npos && text.find_first_not_of(" +-0123456789.") == std::string::npos;
}

void trim_zeros(Strings& texts) {
  const auto all_end_in_zero = [&] {
    bool any = false;
    for (const auto& t : texts)
      if (plain_decimal(t)) {
        if (t.back() != '0') return false;
        any = true;
      }
    return any;
  };
  while (all_end_in_zero())
    for (auto& t : texts)
      if (plain_decimal(t)) t.pop_back();
  for (auto& t : texts)
    if (plain_decimal(t) && t.back() == '.') t += '0';
}

Strings format_floats(const Column& column, const std::vector<double>& values) {
  const auto with = [&](const char* format) {
    Strings out;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (column.is_null(static_cast<std::int64_t>(i)) || std::isnan(values[i])) {
        out.push_back("NaN");
        continue;
      }
      char text[400];
      std::snprintf(text, sizeof text, format, kDigits, values[i]);
      out.push_back(text);
    }
    trim_zeros(out);
    return out;
  };
  Strings out = with("% .*f");
  bool large = false, small = false;
  for (const double v : values) {
    large |= std::fabs(v) > 1e6;
    small |= std::fabs(v) < 1e-6 && std::fabs(v) > 0;
  }
  if (small || (large && widest(out) > kDigits + 6)) out = with("% .*e");
  return out;
}

Strings format_timestamps(const Column& column) {
  const auto ns = column.values<std::int64_t>();
  std::int64_t unit = 86'400'000'000'000;
  int digits = -1;  // of the fraction; -1: days only
  for (std::size_t i = 0; i < ns.size(); ++i) {
    if (column.is_null(static_cast<std::int64_t>(i))) continue;
    for (; ns[i] % unit != 0;) {
      digits = digits < 0 ? 0 : digits + 3;
      unit = digits == 0 ? 1'000'000'000 : unit / 1000;
    }
  }
  Strings out;
  for (std::size_t i = 0; i < ns.size(); ++i) {
    const timestamp when{duration(ns[i])};
    if (column.is_null(static_cast<std::int64_t>(i))) {
      out.push_back("NaT");
    } else if (digits < 0) {
      out.push_back(format_date(when));
    } else {
      std::string text = format_timestamp(when).substr(0, 19);
      if (digits > 0) {
        char fraction[16];
        std::snprintf(fraction, sizeof fraction, ".%09lld", static_cast<long long>(((ns[i] % 1'000'000'000) + 1'000'000'000) % 1'000'000'000));
        text += std::string(fraction).substr(0, static_cast<std::size_t>(digits) + 1);
      }
      out.push_back(text);
    }
  }
  return out;
}

Strings format_durations(const Column& column) {
  const auto ns = column.values<std::int64_t>();
  constexpr std::int64_t day = 86'400'000'000'000;
  bool whole_days = true;
  for (std::size_t i = 0; i < ns.size(); ++i) whole_days &= column.is_null(static_cast<std::int64_t>(i)) || ns[i] % day == 0;
  Strings out;
  for (std::size_t i = 0; i < ns.size(); ++i) {
    if (column.is_null(static_cast<std::int64_t>(i)))
      out.push_back("NaT");
    else
      out.push_back(whole_days ? std::to_string(ns[i] / day) + " days" : format_duration(duration(ns[i])));
  }
  return out;
}

// `nullable`: the column from which these rows come has nulls.
Strings format_values(const Column& column, bool nullable) {
  if (column.type() == ColumnType::category) return format_values(column.cast(ColumnType::string), nullable);
  if (is_floating(column.type())) return format_floats(column, column.to_vector<double>());
  if (column.type() == ColumnType::timestamp) return format_timestamps(column);
  if (column.type() == ColumnType::duration) return format_durations(column);
  const std::string missing = column.type() == ColumnType::string ? "NaN" : "<NA>";
  Strings out;
  if (is_integer(column.type()) && !nullable) {
    // A sign takes the place of the leading blank.
    for (std::int64_t i = 0; i < column.size(); ++i) {
      const std::string text = column.value(i).to_string();
      out.push_back(text.front() == '-' ? text : " " + text);
    }
    return out;
  }
  for (std::int64_t i = 0; i < column.size(); ++i)
    out.push_back(" " + (column.is_null(i) ? missing : column.type() == ColumnType::string ? escaped(column.text(i)) : column.value(i).to_string()));
  return out;
}

// Right-justified to the widest, or to `minimum`, and never over 50 characters.
void make_fixed_width(Strings& texts, std::size_t minimum) {
  const std::size_t width = std::min(std::max(widest(texts), minimum), kCellMax);
  for (auto& t : texts) {
    if (width_of(t) > width) t = first_characters(t, width - 3) + "...";
    t = right(t, width);
  }
}

// Head and tail rows of a column that is to be cut.
Column ends(const Column& column, std::int64_t head, std::int64_t tail) {
  if (head + tail >= column.size()) return column;
  const Column parts[] = {column.slice(0, head), column.slice(column.size() - tail, column.size())};
  return Column::concat(parts);
}

Strings index_column(std::int64_t nrows, std::int64_t head, std::int64_t tail) {
  Strings out;
  for (std::int64_t i = 0; i < nrows; ++i)
    if (i < head || i >= nrows - tail || head + tail >= nrows)
      out.push_back(std::to_string(i));
    else
      i = nrows - tail - 1;
  const std::size_t width = widest(out);
  for (auto& t : out) t = left(t, width);
  return out;
}

class Layout {
 public:
  Layout(const Table& table, std::int64_t max_rows) : table_(table) {
    cut_rows_ = table.nrows() > max_rows;
    head_ = cut_rows_ ? std::min<std::int64_t>(5, max_rows / 2) : table.nrows();
    tail_ = cut_rows_ ? head_ : 0;
  }

  // Columns as lists of lines, the first the index; `side` columns of each end, or all.
  std::vector<Strings> columns(std::int64_t side) const {
    std::vector<Strings> out;
    Strings index = index_column(table_.nrows(), head_, tail_);
    index.insert(index.begin(), std::string(widest(index), ' '));
    out.push_back(std::move(index));
    const bool cut = 2 * side < table_.ncols();
    for (std::int64_t c = 0; c < table_.ncols(); ++c) {
      if (cut && c == side) {
        out.push_back(Strings(out[0].size(), " ..."));
        c = table_.ncols() - side;
      }
      const Column& column = table_.at(c);
      std::string header = escaped(table_.columns()[static_cast<std::size_t>(c)]);
      // Of a cut table pandas looks the blank up by the place among the columns that are shown; so do we.
      const std::int64_t place = cut && c >= side ? c - (table_.ncols() - 2 * side) : c;
      if (is_numeric(table_.at(place).type())) header = " " + header;
      Strings lines = format_values(ends(column, head_, tail_), column.null_count() > 0);
      make_fixed_width(lines, width_of(header));
      lines.insert(lines.begin(), right(header, std::max(width_of(header), widest(lines))));
      out.push_back(std::move(lines));
    }
    if (cut_rows_)
      for (std::size_t c = 0; c < out.size(); ++c) {
        const bool dots_column = cut && static_cast<std::int64_t>(c) == side + 1;
        const std::size_t width = dots_column ? 4 : width_of(out[c][static_cast<std::size_t>(head_)]);
        const std::string dots = width > 3 || dots_column ? "..." : "..";
        out[c].insert(out[c].begin() + 1 + head_, c == 0 ? left(dots, width) : right(dots, width));
      }
    return out;
  }

  bool cut_rows() const { return cut_rows_; }

 private:
  const Table& table_;
  bool cut_rows_;
  std::int64_t head_, tail_;
};

std::string join(const std::vector<Strings>& columns) {
  std::string out;
  std::vector<std::size_t> widths;
  for (const auto& c : columns) widths.push_back(widest(c));
  for (std::size_t line = 0; line < columns[0].size(); ++line) {
    if (line) out += '\n';
    for (std::size_t c = 0; c < columns.size(); ++c) out += (c ? " " : "") + left(columns[c][line], widths[c]);
  }
  return out;
}

// How many columns fit when those in the middle go first, one by one.
std::int64_t columns_that_fit(const std::vector<Strings>& columns, int width) {
  std::vector<std::int64_t> widths;
  std::int64_t line = -1;
  for (const auto& c : columns) {
    widths.push_back(static_cast<std::int64_t>(widest(c)));
    line += widths.back() + 1;
  }
  std::int64_t excess = line - width + 1;
  while (excess > 0 && widths.size() > 1) {
    const auto middle = static_cast<std::ptrdiff_t>(std::nearbyint(static_cast<double>(widths.size()) / 2));  // half to even
    excess -= widths[static_cast<std::size_t>(middle)] + 1;
    widths.erase(widths.begin() + middle);
  }
  return std::max<std::int64_t>(static_cast<std::int64_t>(widths.size()) - 1, 2);
}

std::string listed(const Strings& items) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i == 100) {
      out += ", ...";
      break;
    }
    out += (i ? ", " : "") + items[i];
  }
  return out + "]";
}

}  // namespace

std::string to_string(const Table& table, int width, std::int64_t max_rows) {
  if (table.nrows() == 0 || table.ncols() == 0) {
    Strings names, rows;
    for (const auto& n : table.columns()) names.push_back(escaped(n));
    for (std::int64_t i = 0; i < std::min<std::int64_t>(table.nrows(), 101); ++i) rows.push_back(std::to_string(i));
    return "Empty DataFrame\nColumns: " + listed(names) + "\nIndex: " + listed(rows);
  }
  const Layout layout(table, max_rows);
  const std::int64_t all = table.ncols();
  // More columns than characters: no need to lay them all out.
  std::int64_t side = all > width ? width / 2 : all;
  std::vector<Strings> columns = layout.columns(side);
  const std::int64_t fit = columns_that_fit(columns, width);
  if (fit < all) {
    side = fit / 2;
    columns = layout.columns(side);
  }
  std::string out = join(columns);
  if (layout.cut_rows() || 2 * side < all || fit < all)
    out += "\n\n[" + std::to_string(table.nrows()) + " rows x " + std::to_string(all) + " columns]";
  return out;
}

std::ostream& operator<<(std::ostream& out, const Table& table) { return out << to_string(table); }

std::ostream& operator<<(std::ostream& out, const Column& column) {
  const std::string dtype(name(column.type()));
  if (column.empty()) return out << "Series([], dtype: " << dtype << ")";
  const bool cut = column.size() > 60;
  const std::int64_t head = cut ? 5 : column.size(), tail = cut ? 5 : 0;
  Strings index = index_column(column.size(), head, tail), lines = format_values(ends(column, head, tail), column.null_count() > 0);
  make_fixed_width(lines, 0);
  if (cut) {
    const std::size_t width = width_of(lines[4]), dots = width > 3 ? 3 : 2, pad = width - std::min(width, dots);
    const std::size_t before = pad / 2 + (pad & width & 1);
    lines.insert(lines.begin() + head, std::string(before, ' ') + std::string(dots, '.') + std::string(pad - before, ' '));
    index.insert(index.begin() + head, std::string());
  }
  out << join({index, [&] {
                 Strings apart;
                 for (const auto& l : lines) apart.push_back("  " + l);
                 return apart;
               }()});
  out << '\n';
  if (cut) out << "Length: " << column.size() << ", ";
  return out << "dtype: " << dtype;
}

}  // namespace ashlar
