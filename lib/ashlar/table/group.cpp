#include "ashlar/table/group.hpp"

#include "ashlar/table/key_index.hpp"

namespace ashlar::table {
namespace {
std::vector<Column> columns_of(const Table& table) {
  std::vector<Column> out;
  for (std::int64_t c = 0; c < table.ncols(); ++c) out.push_back(table.at(c));
  return out;
}
}  // namespace

void Aggregate::encode(Writer& out) const {
  out.text(column);
  out.put(function);
  out.text(name);
  out.put(ddof);
  out.put(q);
}

Aggregate Aggregate::decode(Reader& in) {
  Aggregate a;
  a.column = in.text();
  a.function = in.get<Aggregation>();
  a.name = in.text();
  a.ddof = in.get<int>();
  a.q = in.get<double>();
  return a;
}

GroupPartial GroupPartial::build(const Table& table, const Names& keys, const std::vector<Aggregate>& aggregates, bool dropna) {
  if (keys.v.empty()) throw ValueError("a group-by wants at least one key, found none");
  const Table key_table = table.select(keys);
  GroupPartial out;
  out.dropna_ = dropna;
  out.aggregates_ = aggregates;

  KeyIndex index(key_table.dtypes(), dropna);
  std::vector<std::uint32_t> groups;
  std::vector<std::int64_t> first_rows;
  index.insert(columns_of(key_table), groups, first_rows);
  out.keys_ = key_table.take(first_rows);

  for (const Aggregate& a : aggregates) {
    const Column column = aggregated_as(a.function, a.function == Aggregation::size ? key_table.at(0) : table[a.column]);
    auto state = make_accumulator(a.function, column.type(), a.ddof, a.q);
    state->resize(index.size());
    if (!groups.empty()) state->update(column, groups.data());
    out.types_.push_back(column.type());
    out.states_.push_back(std::move(state));
  }
  return out;
}

GroupPartial GroupPartial::merge(std::span<const GroupPartial> parts) {
  if (parts.empty()) throw ValueError("merging group-by partials wants at least one, found none");
  if (parts.size() == 1) return parts[0];
  const GroupPartial& first = parts[0];
  KeyIndex index(first.keys_.dtypes(), first.dropna_);
  std::vector<std::shared_ptr<Accumulator>> states;
  for (std::size_t a = 0; a < first.aggregates_.size(); ++a)
    states.push_back(make_accumulator(first.aggregates_[a].function, first.types_[a], first.aggregates_[a].ddof, first.aggregates_[a].q));
  std::vector<Table> new_keys;
  for (const GroupPartial& part : parts) {
    if (part.keys_.columns() != first.keys_.columns() || part.keys_.dtypes() != first.keys_.dtypes() || part.types_ != first.types_)
      throw InternalError("partials of different group-bys were merged");
    std::vector<std::uint32_t> mapping;
    std::vector<std::int64_t> new_rows;
    index.insert(columns_of(part.keys_), mapping, new_rows);
    new_keys.push_back(part.keys_.take(new_rows));
    for (std::size_t a = 0; a < states.size(); ++a) {
      states[a]->resize(index.size());
      states[a]->merge(*part.states_[a], mapping.data());
    }
  }
  GroupPartial out;
  out.keys_ = Table::concat(new_keys);
  out.aggregates_ = first.aggregates_;
  out.types_ = first.types_;
  out.states_ = std::move(states);
  out.dropna_ = first.dropna_;
  return out;
}

Table GroupPartial::finish(bool sort) const {
  std::vector<std::string> names = keys_.columns();
  std::vector<Column> columns = columns_of(keys_);
  for (std::size_t a = 0; a < aggregates_.size(); ++a) {
    names.push_back(aggregates_[a].name);
    columns.push_back(states_[a]->finish());
  }
  Table out(std::move(names), std::move(columns));
  return sort ? out.sort_values(keys_.columns()) : out;
}

std::int64_t GroupPartial::nbytes() const {
  std::int64_t n = keys_.nbytes();
  for (const auto& s : states_) n += s->nbytes();
  return n;
}

void GroupPartial::encode(Writer& out) const {
  keys_.encode(out);
  out.put(dropna_);
  out.put<std::uint64_t>(aggregates_.size());
  for (std::size_t a = 0; a < aggregates_.size(); ++a) {
    aggregates_[a].encode(out);
    out.put(types_[a]);
    states_[a]->encode(out);
  }
}

GroupPartial GroupPartial::decode(Reader& in) {
  GroupPartial out;
  out.keys_ = Table::decode(in);
  out.dropna_ = in.get<bool>();
  const auto n = in.get<std::uint64_t>();
  for (std::uint64_t a = 0; a < n; ++a) {
    Aggregate aggregate = Aggregate::decode(in);
    const auto type = in.get<ColumnType>();
    auto state = make_accumulator(aggregate.function, type, aggregate.ddof, aggregate.q);
    state->decode(in);
    out.aggregates_.push_back(std::move(aggregate));
    out.types_.push_back(type);
    out.states_.push_back(std::move(state));
  }
  return out;
}

std::vector<Aggregate> value_counts_aggregates() { return {{"", Aggregation::size, "count"}}; }

Table value_counts(const GroupPartial& partial) { return partial.finish(false).sort_values("count", {.ascending = false}); }

}  // namespace ashlar::table
