// Rows of several tables, which need not be put together first.

#include <algorithm>
#include <cstring>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/table.hpp"

namespace ashlar::table {
namespace {

// Rows are anywhere: what will be read is asked for this many rows ahead.
constexpr std::size_t rows_ahead = 16;

// Where the rows of the result stand: row `rows[i]` of all the tables together lies in table `part[i]`.
struct TakenRows {
  std::span<const std::int64_t> rows;
  std::vector<std::uint16_t> part;
  std::vector<std::int64_t> begins;
};

template <std::size_t size>
Buffer values_from(const std::vector<const Column*>& parts, const TakenRows& taken) {
  Buffer buffer = Buffer::allocate(std::max<std::size_t>(taken.rows.size() * size, 1));
  // As if each began where row 0 of all would stand: one index serves all of them.
  std::vector<std::uintptr_t> from;
  for (std::size_t p = 0; p < parts.size(); ++p)
    from.push_back(reinterpret_cast<std::uintptr_t>(parts[p]->address()) - static_cast<std::uintptr_t>(taken.begins[p]) * size);
  std::byte* const to = buffer.data();
  for (std::size_t i = 0; i < taken.rows.size(); ++i)
    std::memcpy(to + i * size, reinterpret_cast<const void*>(from[taken.part[i]] + static_cast<std::uintptr_t>(taken.rows[i]) * size), size);
  return buffer;
}

Column texts_from(const std::vector<const Column*>& parts, const TakenRows& taken) {
  const std::size_t n = taken.rows.size();
  Buffer offsets_buffer;
  auto* to = fresh<std::int64_t>(offsets_buffer, static_cast<std::int64_t>(n) + 1);
  const auto text_at = [&](std::size_t i) { return parts[taken.part[i]]->text(taken.rows[i] - taken.begins[taken.part[i]]); };
  const auto offset_at = [&](std::size_t i) { return parts[taken.part[i]]->offsets() + (taken.rows[i] - taken.begins[taken.part[i]]); };
  // Where each text begins is noted when its length is looked up: a second look at its offsets would be as dear as the first.
  Buffer starts_buffer;
  const char** const starts = fresh<const char*>(starts_buffer, static_cast<std::int64_t>(n));
  std::int64_t at = 0;
  to[0] = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i + rows_ahead < n) __builtin_prefetch(offset_at(i + rows_ahead));
    const std::string_view text = text_at(i);
    starts[i] = text.data();
    at += static_cast<std::int64_t>(text.size());
    to[i + 1] = at;
  }
  Buffer bytes = Buffer::allocate(static_cast<std::size_t>(at + short_text));
  std::vector<const char*> readable;  // the last place of each part from which so many bytes can be read
  for (const Column* part : parts) readable.push_back(part->size() ? part->text_data() + part->offsets()[part->size()] - short_text : nullptr);
  char* const out = reinterpret_cast<char*>(bytes.data());
  for (std::size_t i = 0; i < n; ++i) {
    if (i + rows_ahead < n) __builtin_prefetch(starts[i + rows_ahead]);
    copy_text(out + to[i], starts[i], to[i + 1] - to[i], starts[i] <= readable[taken.part[i]]);
  }
  return Column::from_buffers(ColumnType::string, static_cast<std::int64_t>(n), std::move(offsets_buffer), {}, std::move(bytes));
}

}  // namespace

Table take(std::span<const Table> parts, std::span<const std::int64_t> rows) {
  if (parts.size() == 1) return parts[0].take(rows);
  TakenRows taken{rows, {}, {}};
  std::int64_t length = 0;
  for (const Table& part : parts) {
    taken.begins.push_back(length);
    length += part.nrows();
  }
  if (parts.size() > 0xffff) return Table::concat(parts).take(rows);
  std::vector<std::uint16_t> owner(static_cast<std::size_t>(length));
  for (std::size_t p = 0; p < parts.size(); ++p)
    std::fill_n(owner.begin() + taken.begins[p], parts[p].nrows(), static_cast<std::uint16_t>(p));
  taken.part.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || rows[i] >= length) throw IndexError("no such row in the tables: row " + std::to_string(rows[i]) + ", length " + std::to_string(length));
    taken.part[i] = owner[static_cast<std::size_t>(rows[i])];
  }
  std::vector<Column> out;
  for (std::int64_t c = 0; c < parts[0].ncols(); ++c) {
    const ColumnType type = parts[0].at(c).type();
    std::vector<const Column*> columns;
    bool plain = type != ColumnType::category;
    for (const Table& part : parts) {
      columns.push_back(&part.at(c));
      plain &= columns.back()->type() == type && !columns.back()->null_count();
    }
    if (!plain) {  // nulls and categories of different partitions: together first
      std::vector<Column> all;
      for (const Column* column : columns) all.push_back(*column);
      out.push_back(Column::concat(all).take(rows));
    } else if (type == ColumnType::string) {
      out.push_back(texts_from(columns, taken));
    } else {
      const std::size_t size = itemsize(type);
      Buffer values = size == 1   ? values_from<1>(columns, taken)
                      : size == 2 ? values_from<2>(columns, taken)
                      : size == 4 ? values_from<4>(columns, taken)
                                  : values_from<8>(columns, taken);
      out.push_back(Column::from_buffers(type, static_cast<std::int64_t>(rows.size()), std::move(values)));
    }
  }
  return Table(parts[0].columns(), std::move(out));
}

}  // namespace ashlar::table
