#include "ashlar/table/split.hpp"

#include <cstring>
#include <numeric>
#include <string>

#include "ashlar/base/error.hpp"
#include "ashlar/table/bitmap_detail.hpp"
#include "ashlar/table/column_builder_detail.hpp"

namespace ashlar::table {
namespace {

struct Parts {
  Parts(std::span<const std::uint32_t> part, std::vector<std::int64_t> of_each) : of(part), counts(std::move(of_each)) {}
  std::span<const std::uint32_t> of;  // by row
  std::vector<std::int64_t> counts;   // rows of each part

  // The rows of the first part, those of the second, and so on; found when first asked for.
  std::span<const std::int64_t> in_order() const {
    if (!order_) {
      std::int64_t* const rows = fresh<std::int64_t>(order_, static_cast<std::int64_t>(of.size()));
      std::vector<std::int64_t> at(counts.size());
      std::exclusive_scan(counts.begin(), counts.end(), at.begin(), std::int64_t{0});
      for (std::size_t row = 0; row < of.size(); ++row) rows[at[of[row]]++] = static_cast<std::int64_t>(row);
    }
    return {reinterpret_cast<const std::int64_t*>(order_.data()), of.size()};
  }

 private:
  mutable Buffer order_;
};

std::vector<Buffer> bitmaps_of(const Column& column, const Parts& parts) {
  std::vector<Buffer> bits(parts.counts.size());
  if (!column.null_count()) return bits;
  std::vector<std::int64_t> at(parts.counts.size());
  for (std::size_t p = 0; p < bits.size(); ++p) bits[p] = Buffer::zeros(std::max<std::size_t>(bitmap_bytes(parts.counts[p]), 1));
  for (std::size_t row = 0; row < parts.of.size(); ++row) {
    const std::uint32_t p = parts.of[row];
    if (column.is_valid(static_cast<std::int64_t>(row))) set_bit(bits[p].data(), at[p]);
    ++at[p];
  }
  return bits;
}

template <std::size_t size>
std::vector<Buffer> values_of(const Column& column, const Parts& parts) {
  std::vector<Buffer> values;
  std::vector<std::byte*> to;
  for (const std::int64_t count : parts.counts) {
    values.push_back(Buffer::allocate(std::max<std::size_t>(static_cast<std::size_t>(count) * size, 1)));
    to.push_back(values.back().data());
  }
  const auto* from = static_cast<const std::byte*>(column.address());
  for (std::size_t row = 0; row < parts.of.size(); ++row) {
    std::byte*& next = to[parts.of[row]];
    std::memcpy(next, from + row * size, size);
    next += size;
  }
  return values;
}

std::vector<Column> texts_of(const Column& column, const Parts& parts) {
  const std::size_t n = parts.counts.size();
  const std::int64_t* const offsets = column.offsets();
  const char* const text = column.text_data();
  std::vector<Buffer> starts(n), bytes(n);
  std::vector<std::int64_t*> to(n);
  std::vector<std::int64_t> at(n);
  for (std::size_t p = 0; p < n; ++p) {
    to[p] = fresh<std::int64_t>(starts[p], parts.counts[p] + 1);
    *to[p]++ = 0;
  }
  for (std::size_t row = 0; row < parts.of.size(); ++row) {
    const std::uint32_t p = parts.of[row];
    at[p] += offsets[row + 1] - offsets[row];
    *to[p]++ = at[p];
  }
  std::vector<char*> out(n);
  for (std::size_t p = 0; p < n; ++p) {
    bytes[p] = Buffer::allocate(static_cast<std::size_t>(at[p] + short_text));
    out[p] = reinterpret_cast<char*>(bytes[p].data());
  }
  const std::int64_t readable = column.size() ? offsets[column.size()] - short_text : -1;
  for (std::size_t row = 0; row < parts.of.size(); ++row) {
    char*& next = out[parts.of[row]];
    const std::int64_t from = offsets[row], length = offsets[row + 1] - from;
    copy_text(next, text + from, length, from <= readable);
    next += length;
  }
  std::vector<Buffer> bits = bitmaps_of(column, parts);
  std::vector<Column> columns;
  for (std::size_t p = 0; p < n; ++p)
    columns.push_back(Column::from_buffers(ColumnType::string, parts.counts[p], std::move(starts[p]), std::move(bits[p]), std::move(bytes[p])));
  return columns;
}

// Codes share their texts with the column that they come from.
std::vector<Column> taken(const Column& column, const Parts& parts) {
  std::vector<Column> columns;
  auto rest = parts.in_order();
  for (const std::int64_t count : parts.counts) {
    columns.push_back(column.take(rest.first(static_cast<std::size_t>(count))));
    rest = rest.subspan(static_cast<std::size_t>(count));
  }
  return columns;
}

std::vector<Column> pieces_of(const Column& column, const Parts& parts) {
  const ColumnType type = column.type();
  if (type == ColumnType::category || column.size() == 0) return taken(column, parts);
  if (type == ColumnType::string) return texts_of(column, parts);
  const std::size_t size = itemsize(type);
  std::vector<Buffer> values = size == 1   ? values_of<1>(column, parts)
                               : size == 2 ? values_of<2>(column, parts)
                               : size == 4 ? values_of<4>(column, parts)
                                           : values_of<8>(column, parts);
  std::vector<Buffer> bits = bitmaps_of(column, parts);
  std::vector<Column> columns;
  for (std::size_t p = 0; p < values.size(); ++p) columns.push_back(Column::from_buffers(type, parts.counts[p], std::move(values[p]), std::move(bits[p])));
  return columns;
}

}  // namespace

std::vector<Table> split(const Table& rows, std::span<const std::uint32_t> part, std::int64_t parts) {
  if (static_cast<std::int64_t>(part.size()) != rows.nrows())
    throw InternalError("split wants a part for each row: rows " + std::to_string(rows.nrows()) + ", parts of rows " + std::to_string(part.size()));
  Parts by(part, std::vector<std::int64_t>(static_cast<std::size_t>(parts)));
  for (const std::uint32_t p : part) ++by.counts.at(p);
  std::vector<std::vector<Column>> columns(static_cast<std::size_t>(parts));
  for (std::int64_t c = 0; c < rows.ncols(); ++c) {
    std::vector<Column> pieces = pieces_of(rows.at(c), by);
    for (std::size_t p = 0; p < pieces.size(); ++p) columns[p].push_back(std::move(pieces[p]));
  }
  std::vector<Table> tables;
  for (std::vector<Column>& mine : columns) tables.emplace_back(rows.columns(), std::move(mine));
  return tables;
}

}  // namespace ashlar::table
