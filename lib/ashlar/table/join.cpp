#include "ashlar/table/join.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/key_index.hpp"

namespace ashlar::table {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& n : names) out += (out.empty() ? "" : ", ") + n;
  return out.empty() ? "none" : out;
}

// The rows of each key of the index, in order.
class RowsOfKey {
 public:
  RowsOfKey(const KeyIndex& index, const std::vector<std::uint32_t>& groups, std::vector<std::int64_t> first_rows)
      : first_(std::move(first_rows)) {
    unique_ = index.size() == groups.size();
    if (unique_) return;
    ends_.resize(std::size_t{index.size()} + 1);
    for (const std::uint32_t g : groups) ++ends_[std::size_t{g} + 1];
    std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
    rows_.resize(groups.size());
    std::vector<std::int64_t> next(ends_.begin(), ends_.end() - 1);
    for (std::size_t i = 0; i < groups.size(); ++i) rows_[static_cast<std::size_t>(next[groups[i]]++)] = static_cast<std::int64_t>(i);
  }
  bool unique() const { return unique_; }
  std::span<const std::int64_t> operator[](std::uint32_t group) const {
    if (unique_) return {&first_[group], 1};
    return {rows_.data() + ends_[group], static_cast<std::size_t>(ends_[std::size_t{group} + 1] - ends_[group])};
  }

 private:
  std::vector<std::int64_t> first_, ends_, rows_;
  bool unique_ = false;
};

// Rows of `probe` with their partners in `build`: all of them when `keep`, else those that have one.
struct Pairs {
  std::vector<std::int64_t> probe, build;
  bool in_order = false;
};
Pairs matched(std::span<const Column> probe, std::span<const Column> build, bool keep, std::vector<std::uint8_t>* used) {
  std::vector<ColumnType> types;
  for (const Column& key : build) types.push_back(key.type());
  KeyIndex index(types, false);
  std::vector<std::uint32_t> groups;
  std::vector<std::int64_t> first_rows;
  index.insert(build, groups, first_rows);
  const RowsOfKey rows(index, groups, std::move(first_rows));
  index.find(probe, groups);
  const std::size_t n = groups.size();

  Pairs out;
  if (rows.unique()) {
    // At most one partner for each: nothing to count first.
    const auto found =
        static_cast<std::size_t>(std::count_if(groups.begin(), groups.end(), [](std::uint32_t g) { return g != KeyIndex::dropped; }));
    out.in_order = keep || found == n;
    out.build.reserve(keep ? n : found);
    if (!out.in_order) out.probe.reserve(found);
    for (std::size_t i = 0; i < n; ++i) {
      if (groups[i] == KeyIndex::dropped) {
        if (keep) out.build.push_back(-1);
        continue;
      }
      out.build.push_back(rows[groups[i]][0]);
      if (!out.in_order) out.probe.push_back(static_cast<std::int64_t>(i));
    }
  } else {
    std::size_t total = 0;
    for (const std::uint32_t g : groups) total += g == KeyIndex::dropped ? (keep ? 1 : 0) : rows[g].size();
    out.probe.reserve(total);
    out.build.reserve(total);
    for (std::size_t i = 0; i < n; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (groups[i] == KeyIndex::dropped) {
        if (!keep) continue;
        out.probe.push_back(row);
        out.build.push_back(-1);
        continue;
      }
      for (const std::int64_t partner : rows[groups[i]]) {
        out.probe.push_back(row);
        out.build.push_back(partner);
      }
    }
  }
  if (used) {
    used->assign(static_cast<std::size_t>(build[0].size()), 0);
    for (const std::int64_t row : out.build)
      if (row >= 0) (*used)[static_cast<std::size_t>(row)] = 1;
  }
  return out;
}

void write_in_order(std::vector<std::int64_t>& rows, std::int64_t n) {
  rows.resize(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
}

JoinRows all_pairs(std::int64_t left, std::int64_t right) {
  JoinRows out;
  out.left.reserve(static_cast<std::size_t>(left * right));
  out.right.reserve(static_cast<std::size_t>(left * right));
  for (std::int64_t i = 0; i < left; ++i)
    for (std::int64_t j = 0; j < right; ++j) {
      out.left.push_back(i);
      out.right.push_back(j);
    }
  return out;
}

// "both" where both sides have a row.
Column indicator_of(const JoinRows& rows, std::int64_t n) {
  StringBuilder builder;
  builder.reserve(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool in_left = rows.left_in_order || rows.left[at] >= 0, in_right = rows.right.empty() ? false : rows.right[at] >= 0;
    builder.append(in_left && in_right ? "both" : in_left ? "left_only" : "right_only");
  }
  return builder.finish();
}

}  // namespace

JoinKind join_kind_from_name(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, JoinKind>, 9> kinds = {{{"inner", JoinKind::inner},
                                                                                  {"left", JoinKind::left},
                                                                                  {"right", JoinKind::right},
                                                                                  {"outer", JoinKind::outer},
                                                                                  {"leftsemi", JoinKind::semi},
                                                                                  {"leftanti", JoinKind::anti},
                                                                                  {"cross", JoinKind::cross},
                                                                                  {"semi", JoinKind::semi},
                                                                                  {"anti", JoinKind::anti}}};
  for (const auto& [known, kind] : kinds)
    if (known == name) return kind;
  throw ValueError("not a way to join: \"" + std::string(name) + "\"; there are inner, left, right, outer, leftsemi, leftanti, cross");
}

JoinRows join_rows(std::span<const Column> left, std::span<const Column> right, JoinKind kind) {
  JoinRows out;
  switch (kind) {
    case JoinKind::cross:
      throw InternalError("a cross join has no keys");
    case JoinKind::semi:
    case JoinKind::anti: {
      std::vector<ColumnType> types;
      for (const Column& key : right) types.push_back(key.type());
      KeyIndex index(types, false);
      std::vector<std::uint32_t> groups;
      std::vector<std::int64_t> first_rows;
      index.insert(right, groups, first_rows);
      index.find(left, groups);
      for (std::size_t i = 0; i < groups.size(); ++i)
        if ((groups[i] != KeyIndex::dropped) == (kind == JoinKind::semi)) out.left.push_back(static_cast<std::int64_t>(i));
      return out;
    }
    case JoinKind::right: {
      Pairs pairs = matched(right, left, true, nullptr);
      if (pairs.in_order) write_in_order(pairs.probe, static_cast<std::int64_t>(pairs.build.size()));
      out.left = std::move(pairs.build);
      out.right = std::move(pairs.probe);
      return out;
    }
    default:
      break;
  }
  std::vector<std::uint8_t> used;
  Pairs pairs = matched(left, right, kind != JoinKind::inner, kind == JoinKind::outer ? &used : nullptr);
  out.left = std::move(pairs.probe);
  out.right = std::move(pairs.build);
  out.left_in_order = pairs.in_order;
  for (std::size_t row = 0; row < used.size(); ++row) {
    if (used[row]) continue;
    if (out.left_in_order) {
      write_in_order(out.left, static_cast<std::int64_t>(out.right.size()));
      out.left_in_order = false;
    }
    out.left.push_back(-1);
    out.right.push_back(static_cast<std::int64_t>(row));
  }
  return out;
}

ColumnType join_key_type(const std::string& left_name, ColumnType left, const std::string& right_name, ColumnType right) {
  if (left == right) return left;
  if ((is_numeric(left) && is_numeric(right)) || (is_textual(left) && is_textual(right))) return promote(left, right);
  throw TypeError("a join wants keys that can be equal, found \"" + left_name + "\" of " + std::string(ashlar::name(left)) + " and \"" +
                  right_name + "\" of " + std::string(ashlar::name(right)));
}

std::vector<JoinColumn> join_columns(const std::vector<std::string>& left, const std::vector<std::string>& right, const Join& how) {
  using From = JoinColumn::From;
  const bool cross = how.kind == JoinKind::cross;
  if (cross != how.left_on.empty() || how.left_on.size() != how.right_on.size())
    throw ValueError(
        std::string(cross ? "a cross join takes no keys" : "a join wants as many keys on the left as on the right, at least one") +
        ", found " + std::to_string(how.left_on.size()) + " (" + listed(how.left_on) + ") and " + std::to_string(how.right_on.size()) +
        " (" + listed(how.right_on) + ")");
  for (const std::string& key : how.left_on)
    if (!has(left, key)) throw KeyError("no key \"" + key + "\" on the left side of the join; it has " + listed(left));
  for (const std::string& key : how.right_on)
    if (!has(right, key)) throw KeyError("no key \"" + key + "\" on the right side of the join; it has " + listed(right));
  std::vector<std::string> shared;  // keys of one name on both sides
  for (std::size_t k = 0; k < how.left_on.size(); ++k)
    if (how.left_on[k] == how.right_on[k]) shared.push_back(how.left_on[k]);
  const bool left_only = how.kind == JoinKind::semi || how.kind == JoinKind::anti;
  std::vector<JoinColumn> out;
  for (const std::string& name : left) {
    if (has(shared, name)) {
      const bool from_left = how.kind == JoinKind::inner || how.kind == JoinKind::left || left_only;
      out.push_back({name, from_left ? From::left : how.kind == JoinKind::right ? From::right : From::both, name, name});
    } else {
      out.push_back({!left_only && has(right, name) ? name + how.left_suffix : name, From::left, name, {}});
    }
  }
  if (!left_only)
    for (const std::string& name : right)
      if (!has(shared, name)) out.push_back({has(left, name) ? name + how.right_suffix : name, From::right, name, {}});
  if (how.indicator) out.push_back({"_merge", From::indicator, {}, {}});
  std::set<std::string> seen;
  for (const JoinColumn& column : out)
    if (!seen.insert(column.name).second)
      throw ValueError("a join would give two columns of one name: \"" + column.name + "\"; choose other suffixes (found \"" +
                       how.left_suffix + "\" and \"" + how.right_suffix + "\")");
  return out;
}

Table join(const Table& left, const Table& right, const Join& how) {
  return join(left, right, how, join_columns(left.columns(), right.columns(), how));
}

Table join(const Table& left, const Table& right, const Join& how, std::span<const JoinColumn> columns) {
  using From = JoinColumn::From;
  JoinRows rows;
  Table left_cast = left, right_cast = right;
  if (how.kind == JoinKind::cross) {
    rows = all_pairs(left.nrows(), right.nrows());
  } else {
    std::vector<Column> left_keys, right_keys;
    for (std::size_t k = 0; k < how.left_on.size(); ++k) {
      const Column &a = left[how.left_on[k]], &b = right[how.right_on[k]];
      const ColumnType type = join_key_type(how.left_on[k], a.type(), how.right_on[k], b.type());
      left_keys.push_back(a.cast(type));
      right_keys.push_back(b.cast(type));
      if (how.left_on[k] == how.right_on[k]) {
        left_cast = left_cast.with_column(how.left_on[k], left_keys.back());
        right_cast = right_cast.with_column(how.right_on[k], right_keys.back());
      }
    }
    rows = join_rows(left_keys, right_keys, how.kind);
  }
  const auto n = static_cast<std::int64_t>(rows.left_in_order ? left.nrows() : static_cast<std::int64_t>(rows.left.size()));
  std::vector<std::string> names;
  std::vector<Column> out;
  for (const JoinColumn& column : columns) {
    names.push_back(column.name);
    switch (column.from) {
      case From::left:
        out.push_back(rows.left_in_order ? left_cast[column.source] : left_cast[column.source].take(rows.left));
        break;
      case From::right:
        out.push_back(right_cast[column.source].take(rows.right));
        break;
      case From::indicator:
        out.push_back(indicator_of(rows, n));
        break;
      case From::both: {
        const Column parts[] = {left_cast[column.source], right_cast[column.right]};
        std::vector<std::int64_t> from(static_cast<std::size_t>(n));
        for (std::size_t i = 0; i < from.size(); ++i) {
          const std::int64_t in_left = rows.left_in_order ? static_cast<std::int64_t>(i) : rows.left[i];
          from[i] = in_left >= 0 ? in_left : parts[0].size() + rows.right[i];
        }
        out.push_back(Column::concat(parts).take(from));
        break;
      }
    }
  }
  return Table(std::move(names), std::move(out));
}

void Join::encode(Writer& out) const {
  out.put(kind);
  const auto list = [&](const std::vector<std::string>& names) {
    out.put<std::uint64_t>(names.size());
    for (const std::string& n : names) out.text(n);
  };
  list(left_on);
  list(right_on);
  out.text(left_suffix);
  out.text(right_suffix);
  out.put(indicator);
}

void JoinColumn::encode(Writer& out) const {
  out.text(name);
  out.put(from);
  out.text(source);
  out.text(right);
}

JoinColumn JoinColumn::decode(Reader& in) {
  JoinColumn column;
  column.name = in.text();
  column.from = in.get<From>();
  column.source = in.text();
  column.right = in.text();
  return column;
}

Join Join::decode(Reader& in) {
  Join how;
  how.kind = in.get<JoinKind>();
  const auto list = [&](std::vector<std::string>& names) {
    names.resize(in.get<std::uint64_t>());
    for (std::string& n : names) n = in.text();
  };
  list(how.left_on);
  list(how.right_on);
  how.left_suffix = in.text();
  how.right_suffix = in.text();
  how.indicator = in.get<bool>();
  return how;
}

}  // namespace ashlar::table
