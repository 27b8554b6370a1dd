#pragma once
// Frames as arguments of delayed functions: a DataFrame arrives as Table, a Series as Column, a Scalar<Value> as Value.

#include <span>
#include <string>
#include <vector>

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/delayed/argument.hpp"

namespace ashlar::detail {

template <>
struct ArgumentOf<DataFrame> {
  using type = Table;
  static std::int64_t count(const DataFrame& d) { return d.npartitions(); }
  static void write(Writer& out, const DataFrame& d) { encode_value(out, d.columns()); }
  static Table read(Reader& in, std::span<Object> results) {
    const auto columns = decode_value<std::vector<std::string>>(in);
    std::vector<Table> parts;
    for (const Object& object : results) {
      const Table& part = object.get<Table>();
      parts.push_back(part.columns() == columns ? part : part.select(columns));
    }
    return parts.size() == 1 ? parts[0] : Table::concat(parts);
  }
};
template <>
struct ArgumentOf<Series> {
  using type = Column;
  static std::int64_t count(const Series& s) { return s.npartitions(); }
  static void write(Writer&, const Series&) {}
  static Column read(Reader&, std::span<Object> results) {
    std::vector<Column> parts;
    for (const Object& object : results) parts.push_back(object.get<Column>());
    return parts.size() == 1 ? parts[0] : Column::concat(parts);
  }
};
template <>
struct ArgumentOf<Scalar<Value>> {
  using type = Value;
  static std::int64_t count(const Scalar<Value>&) { return 1; }
  static void write(Writer&, const Scalar<Value>&) {}
  static Value read(Reader&, std::span<Object> results) { return results[0].get<Value>(); }
};

}  // namespace ashlar::detail
