#include "ashlar/table/table.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "ashlar/table/column_builder_detail.hpp"

namespace ashlar {

// Type-erased vectors by place and type; the mutex is for tables read by several threads.
struct Table::Vectors {
  std::mutex mutex;
  std::map<std::pair<std::size_t, ColumnType>, std::shared_ptr<const void>> made;
};

Table::Table(std::vector<std::string> names, std::vector<Column> columns)
    : names_(std::move(names)), columns_(std::move(columns)), vectors_(std::make_shared<Vectors>()) {
  if (names_.size() != columns_.size())
    throw ShapeError("a table wants one name per column: names " + std::to_string(names_.size()) + ", columns " + std::to_string(columns_.size()));
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!seen.insert(names_[i]).second) throw ValueError("a table wants each name once, found twice: \"" + names_[i] + "\"");
    if (columns_[i].size() != columns_[0].size())
      throw ShapeError("columns of a table differ in length: \"" + names_[0] + "\" has " + std::to_string(columns_[0].size()) + " rows, \"" + names_[i] +
                       "\" has " + std::to_string(columns_[i].size()));
  }
  if (!columns_.empty()) nrows_ = columns_[0].size();
}

namespace {
std::vector<std::string> names_of(std::initializer_list<Table::NamedColumn> columns) {
  std::vector<std::string> names;
  for (const auto& c : columns) names.push_back(c.name);
  return names;
}
std::vector<Column> columns_of(std::initializer_list<Table::NamedColumn> columns) {
  std::vector<Column> out;
  for (const auto& c : columns) out.push_back(c.column);
  return out;
}
}  // namespace

Table::Table(std::initializer_list<NamedColumn> columns) : Table(names_of(columns), columns_of(columns)) {}

Table Table::empty(const std::vector<std::string>& names, const std::vector<ColumnType>& dtypes) {
  std::vector<Column> columns;
  for (const ColumnType type : dtypes) columns.push_back(Column::nulls(type, 0));
  return Table(names, std::move(columns));
}

std::vector<ColumnType> Table::dtypes() const {
  std::vector<ColumnType> out;
  for (const Column& c : columns_) out.push_back(c.type());
  return out;
}

bool Table::contains(const Name& name) const { return std::find(names_.begin(), names_.end(), name.v) != names_.end(); }

std::size_t Table::position(const Name& name) const {
  const auto at = std::find(names_.begin(), names_.end(), name.v);
  if (at != names_.end()) return static_cast<std::size_t>(at - names_.begin());
  std::string known;
  for (const auto& n : names_) known += (known.empty() ? "" : ", ") + n;
  throw KeyError("no such column: \"" + name.v + "\"; the table has " + (known.empty() ? "none" : known));
}

const Column& Table::at(std::int64_t i) const {
  if (i < 0 || i >= ncols()) throw IndexError("no such column: number " + std::to_string(i) + ", the table has " + std::to_string(ncols()));
  return columns_[static_cast<std::size_t>(i)];
}

template <class T>
const std::vector<T>& Table::column(const Name& name) const& {
  const std::size_t at = position(name);
  std::lock_guard lock(vectors_->mutex);
  auto& made = vectors_->made[{at, column_type_of<T>}];
  if (!made) made = std::make_shared<const std::vector<T>>(columns_[at].to_vector<T>());
  return *static_cast<const std::vector<T>*>(made.get());
}
#define ASHLAR_COLUMN(T) template const std::vector<T>& Table::column<T>(const Name&) const&;
ASHLAR_COLUMN(bool)
ASHLAR_COLUMN(std::int8_t)
ASHLAR_COLUMN(std::int16_t)
ASHLAR_COLUMN(std::int32_t)
ASHLAR_COLUMN(std::int64_t)
ASHLAR_COLUMN(std::uint8_t)
ASHLAR_COLUMN(std::uint16_t)
ASHLAR_COLUMN(std::uint32_t)
ASHLAR_COLUMN(std::uint64_t)
ASHLAR_COLUMN(float)
ASHLAR_COLUMN(double)
ASHLAR_COLUMN(std::string)
ASHLAR_COLUMN(timestamp)
ASHLAR_COLUMN(duration)
#undef ASHLAR_COLUMN

Table Table::slice(std::int64_t begin, std::int64_t end) const {
  if (begin < 0 || end < begin || end > nrows_)
    throw IndexError("no such rows in the table: [" + std::to_string(begin) + ", " + std::to_string(end) + "), rows " + std::to_string(nrows_));
  std::vector<Column> columns;
  for (const Column& c : columns_) columns.push_back(c.slice(begin, end));
  Table out(names_, std::move(columns));
  out.nrows_ = end - begin;
  return out;
}

Table Table::head(std::int64_t n) const { return slice(0, n >= 0 ? std::min(n, nrows_) : std::max<std::int64_t>(nrows_ + n, 0)); }
Table Table::tail(std::int64_t n) const { return slice(n >= 0 ? std::max<std::int64_t>(nrows_ - n, 0) : std::min(-n, nrows_), nrows_); }

Table Table::take(std::span<const std::int64_t> rows) const {
  std::vector<Column> columns;
  for (const Column& c : columns_) columns.push_back(c.take(rows));
  Table out(names_, std::move(columns));
  out.nrows_ = static_cast<std::int64_t>(rows.size());
  return out;
}

Table Table::filter(const Column& mask) const { return take(table::rows_where(mask, nrows_)); }

Table Table::select(const Names& names) const {
  std::vector<Column> columns;
  for (const auto& n : names.v) columns.push_back((*this)[n]);
  Table out(names.v, std::move(columns));
  out.nrows_ = nrows_;
  return out;
}

Table Table::drop(const Names& names) const {
  std::vector<std::string> kept = names_;
  for (const auto& n : names.v) {
    position(n);
    std::erase(kept, n);
  }
  return select(kept);
}

Table Table::with_column(const Name& name, Column column) const {
  if (ncols() > 0 && column.size() != nrows_)
    throw ShapeError("a new column has another length than the table: \"" + name.v + "\" has " + std::to_string(column.size()) + " rows, the table " +
                     std::to_string(nrows_));
  auto names = names_;
  auto columns = columns_;
  if (contains(name)) {
    columns[position(name)] = std::move(column);
  } else {
    names.push_back(name.v);
    columns.push_back(std::move(column));
  }
  return Table(std::move(names), std::move(columns));
}

Table Table::renamed(std::vector<std::string> names) const {
  Table out(std::move(names), columns_);
  out.nrows_ = nrows_;
  return out;
}

Table Table::concat(std::span<const Table> parts) {
  if (parts.empty()) throw ValueError("concat wants at least one table, found none");
  const Table& first = parts[0];
  std::int64_t nrows = 0;
  for (const Table& p : parts) {
    if (p.names_ != first.names_ || p.dtypes() != first.dtypes()) {
      const auto describe = [](const Table& t) {
        std::string out;
        for (std::size_t i = 0; i < t.names_.size(); ++i) out += (i ? ", " : "") + t.names_[i] + " " + std::string(ashlar::name(t.columns_[i].type()));
        return "(" + out + ")";
      };
      throw TypeError("concat wants tables with the same columns, found " + describe(first) + " and " + describe(p));
    }
    nrows += p.nrows_;
  }
  std::vector<Column> columns;
  for (std::size_t c = 0; c < first.columns_.size(); ++c) {
    std::vector<Column> pieces;
    for (const Table& p : parts) pieces.push_back(p.columns_[c]);
    columns.push_back(Column::concat(pieces));
  }
  Table out(first.names_, std::move(columns));
  out.nrows_ = nrows;
  return out;
}

Table Table::sort_values(const Names& by, const SortOptions& options) const {
  if (by.v.empty()) throw ValueError("sort_values wants at least one column, found none");
  if (options.na_position != "last" && options.na_position != "first")
    throw ValueError("na_position is \"last\" or \"first\", found \"" + options.na_position + "\"");
  std::vector<bool> ascending = options.ascending.v;
  if (ascending.size() == 1) ascending.assign(by.v.size(), ascending[0]);
  if (ascending.size() != by.v.size())
    throw ValueError("sort_values wants one entry of ascending, or one per key: keys " + std::to_string(by.v.size()) + ", entries " +
                     std::to_string(ascending.size()));
  std::vector<Column> keys;
  for (const auto& n : by.v) keys.push_back((*this)[n]);
  return take(table::rows_in_order(keys, ascending, options.na_position == "last"));
}

std::int64_t Table::nbytes() const {
  std::int64_t n = 0;
  for (const Column& c : columns_) n += c.nbytes();
  return n;
}

bool operator==(const Table& a, const Table& b) { return a.nrows_ == b.nrows_ && a.names_ == b.names_ && a.columns_ == b.columns_; }

void Table::encode(Writer& out) const {
  out.put(nrows_);
  out.put<std::uint64_t>(names_.size());
  for (std::size_t i = 0; i < names_.size(); ++i) {
    out.text(names_[i]);
    columns_[i].encode(out);
  }
}

Table Table::decode(Reader& in) {
  const auto nrows = in.get<std::int64_t>();
  const auto ncols = in.get<std::uint64_t>();
  std::vector<std::string> names;
  std::vector<Column> columns;
  for (std::uint64_t i = 0; i < ncols; ++i) {
    names.push_back(in.text());
    columns.push_back(Column::decode(in));
  }
  Table out(std::move(names), std::move(columns));
  out.nrows_ = nrows;
  return out;
}

}  // namespace ashlar
