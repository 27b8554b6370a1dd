#include "ashlar/dataframe/plan.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/exchange_detail.hpp"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ashlar::dataframe {

Token token_of(const Writer& content) {
  const XXH128_hash_t hash = XXH3_128bits(content.head().data(), content.head().size());
  return {hash.high64, hash.low64};
}

Token new_token() {
  static std::atomic<std::uint64_t> last{0};
  Writer out;
  out.text("source");
  out.put(++last);
  return token_of(out);
}

namespace {

// A value for finding out types: one that every numeric column can hold, and a text that reads as a time.
Value representative(ColumnType type) {
  switch (type) {
    case ColumnType::boolean: return false;
    case ColumnType::category:
    case ColumnType::string: return "1970-01-01";
    case ColumnType::timestamp: return timestamp{};
    case ColumnType::duration: return duration{1};
    case ColumnType::float32:
    case ColumnType::float64: return 1.0;
    default: return 1;
  }
}

void check_rows(const std::string& name, const std::vector<PlanPtr>& inputs) {
  const PlanNode* first = nullptr;
  for (const PlanPtr& input : inputs) {
    if (input->produces() == Produces::value) continue;
    if (first && first->rows != input->rows)
      throw ValueError(name + " wants columns of the same rows: one has " + std::to_string(first->npartitions) + " partitions, the other " +
                       std::to_string(input->npartitions) +
                       ", and they come from different frames or filters; take both columns from one frame (df = df[...] first)");
    if (!first) first = input.get();
  }
}

bool aligned(StepKind kind) {
  return kind != StepKind::filter && kind != StepKind::sort && kind != StepKind::head && kind != StepKind::tail && kind != StepKind::distinct &&
         kind != StepKind::group_largest && kind != StepKind::cumulative_total;
}

std::string described(const PlanNode& node) {
  if (const Column* c = std::get_if<Column>(&node.sample))
    return (node.series_name.empty() ? "a column" : "\"" + node.series_name + "\"") + (" of " + std::string(name(c->type())));
  return "a value of " + std::string(name(node.value_type));
}

}  // namespace

namespace {

// The index of what a step gives: that of its first operand as long as the index column stands in it unchanged, row by row or with rows left out.
std::shared_ptr<const Index> index_behind(const Step& step, const PlanNode& node, const std::vector<PlanPtr>& inputs) {
  if (inputs.empty() || !inputs[0]->index) return nullptr;
  const auto& index = inputs[0]->index;
  switch (step.kind) {
    case StepKind::select:
    case StepKind::filter:
    case StepKind::head:
    case StepKind::tail:
    case StepKind::distinct:
      break;
    case StepKind::sort:
      break;  // within each partition
    case StepKind::assign:
      if (step.names[0] == index->column) return nullptr;
      break;
    case StepKind::rename: {
      const auto at = static_cast<std::size_t>(std::find(step.names.begin(), step.names.end(), index->column) - step.names.begin());
      if (at == step.names.size()) return nullptr;
      return std::make_shared<Index>(Index{step.others[at], nullptr, index->at});
    }
    case StepKind::column:
      // A Series keeps its frame's index column beside it.
      return std::make_shared<Index>(Index{index->column, step.names[0] == index->column ? nullptr : column(inputs[0], index->column), index->at});
    default:
      if (node.produces() != Produces::column || !aligned(step.kind)) return nullptr;
      // A column made of one of its rows; the index itself has other values now.
      return index->values ? index : nullptr;
  }
  if (node.produces() == Produces::table) return node.table().contains(index->column) ? index : nullptr;
  return nullptr;
}

// What a step leaves of that knowledge: rows stay in their partitions, so it is a matter of the key columns alone.
std::shared_ptr<const HashedBy> hashed_behind(const Step& step, const PlanNode& node, const std::vector<PlanPtr>& inputs) {
  if (inputs.empty() || !inputs[0]->hashed) return nullptr;
  const HashedBy& known = *inputs[0]->hashed;
  const auto among = [](const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  const auto all_among = [&](const std::vector<std::string>& names) {
    return std::all_of(known.keys.begin(), known.keys.end(), [&](const std::string& key) { return among(names, key); });
  };
  switch (step.kind) {
    case StepKind::group:
      return all_among(step.names) ? inputs[0]->hashed : nullptr;
    case StepKind::assign:
      if (among(known.keys, step.names[0])) return nullptr;
      break;
    case StepKind::rename: {
      if (!all_among(step.names)) return nullptr;
      HashedBy renamed = known;
      for (std::string& key : renamed.keys) key = step.others[static_cast<std::size_t>(std::find(step.names.begin(), step.names.end(), key) - step.names.begin())];
      return std::make_shared<HashedBy>(std::move(renamed));
    }
    case StepKind::select:
    case StepKind::filter:
    case StepKind::sort:
    case StepKind::head:
    case StepKind::tail:
    case StepKind::distinct:
    case StepKind::finish_groups:
      break;
    default:
      return nullptr;
  }
  return node.produces() == Produces::table && all_among(node.columns()) ? inputs[0]->hashed : nullptr;
}

}  // namespace

PlanPtr make_step(std::string name, Step step, std::vector<PlanPtr> inputs) {
  check_rows(name, inputs);
  auto node = std::make_shared<StepNode>();
  node->name = std::move(name);

  std::vector<const Register*> samples;
  for (const PlanPtr& input : inputs) samples.push_back(&input->sample);
  bool all_values = !inputs.empty();
  for (const PlanPtr& input : inputs) all_values &= input->produces() == Produces::value;
  if (step.kind == StepKind::assign && inputs[1]->produces() == Produces::value) step.type = inputs[1]->value_type;
  try {
    if (all_values && step.kind != StepKind::literal) {
      // Values are computed with as columns of one row: so are their types.
      std::vector<Register> rows;
      for (const Register* r : samples) {
        const Value& v = std::get<Value>(*r);
        rows.emplace_back(v.is_null() ? Column::nulls(ColumnType::float64, 1) : Column::full(v.type(), v, 1));
      }
      std::vector<const Register*> pointers;
      for (const Register& r : rows) pointers.push_back(&r);
      node->value_type = std::get<Column>(run_step(step, pointers, false)).type();
      node->sample = representative(node->value_type);
    } else {
      node->sample = run_step(step, samples, false);
    }
  } catch (const TypeError& e) {
    std::string operands;
    for (const PlanPtr& input : inputs)
      if (input->produces() == Produces::value || input->produces() == Produces::column)
        operands += (operands.empty() ? "" : ", ") + described(*input);
    throw TypeError(e.what() + (operands.empty() ? std::string() : " (" + operands + ")"));
  }

  if (const Column* c = std::get_if<Column>(&node->sample)) step.type = c->type();
  if (step.kind == StepKind::finish_reduction) {
    node->value_type = std::get<table::Reduction>(inputs[0]->sample).type();
    node->sample = representative(node->value_type);
  }
  if (step.kind == StepKind::literal && !step.values[0].is_null()) node->value_type = step.values[0].type();

  for (const PlanPtr& input : inputs)
    if (input->produces() != Produces::value) {
      node->npartitions = input->npartitions;
      node->rows = input->rows;
      break;
    }
  // The name of a result: that of the columns that made it, if they agree.
  bool named = false;
  for (const PlanPtr& input : inputs) {
    if (input->produces() != Produces::column) continue;
    if (named && node->series_name != input->series_name) {
      node->series_name.clear();
      break;
    }
    node->series_name = input->series_name;
    named = true;
  }
  if (step.kind == StepKind::column) node->series_name = step.names[0];

  Writer content;
  step.encode(content);
  for (const PlanPtr& input : inputs) content.put(input->token);
  node->token = token_of(content);
  if (!aligned(step.kind)) {
    if (step.kind == StepKind::filter) {
      // Every column filtered by one mask has the same rows.
      Writer rows;
      rows.text("filter");
      rows.put(inputs[0]->rows);
      rows.put(inputs[1]->token);
      node->rows = token_of(rows);
    } else {
      node->rows = node->token;
    }
  }
  node->index = index_behind(step, *node, inputs);
  node->hashed = hashed_behind(step, *node, inputs);
  node->step = std::move(step);
  node->inputs = std::move(inputs);
  if (node->index && node->produces() == Produces::table) node->index = std::make_shared<Index>(Index{node->index->column, nullptr, node->index->at});
  return node;
}

PlanPtr with_index(const PlanPtr& table, const std::string& column, std::vector<Value> at) {
  // A selection of everything: a node of its own that costs nothing.
  Step step;
  step.kind = StepKind::select;
  step.names = table->columns();
  auto node = std::make_shared<StepNode>(static_cast<const StepNode&>(*make_step("set-index", std::move(step), {table})));
  node->index = std::make_shared<Index>(Index{column, nullptr, std::move(at)});
  Writer content;
  content.put(node->token);
  content.text(column);
  detail::encode_value(content, node->index->at);
  node->token = token_of(content);
  return node;
}

PlanPtr without_index(const PlanPtr& table) {
  Step step;
  step.kind = StepKind::select;
  step.names = table->columns();
  auto node = std::make_shared<StepNode>(static_cast<const StepNode&>(*make_step("reset-index", std::move(step), {table})));
  node->index = nullptr;
  return node;
}

PlanPtr make_map(Step step, const Table& meta, const PlanPtr& table, bool same_rows) {
  auto node = std::make_shared<StepNode>();
  node->name = "map-partitions";
  node->npartitions = table->npartitions;
  node->sample = meta;
  Writer content;
  step.encode(content);
  content.put(table->token);
  node->token = node->rows = token_of(content);
  if (same_rows) node->rows = table->rows;
  node->step = std::move(step);
  node->inputs = {table};
  return node;
}

PlanPtr literal(const Value& value) {
  Step step;
  step.kind = StepKind::literal;
  step.values = {value};
  return make_step("literal", std::move(step), {});
}

PlanPtr persisted(const PlanPtr& node, std::vector<ResultHandle> results) {
  auto kept = std::make_shared<PersistedNode>();
  kept->name = node->name;
  kept->token = new_token();
  kept->rows = node->rows;
  kept->npartitions = node->npartitions;
  kept->sample = node->sample;
  kept->value_type = node->value_type;
  kept->series_name = node->series_name;
  if (kept->produces() == Produces::table) {
    kept->index = node->index;
    kept->hashed = node->hashed;
  }
  kept->results = std::move(results);
  return kept;
}

// ---------------------------------------------------------------- which columns are needed
namespace {
bool has(const Columns& columns, const std::string& name) { return std::find(columns.begin(), columns.end(), name) != columns.end(); }
}  // namespace

std::vector<PlanNode::Demand> StepNode::demand(const Columns& wanted) const {
  std::vector<Demand> out(inputs.size(), Demand(Columns()));
  switch (step.kind) {
    case StepKind::column: out[0] = Columns{step.names[0]}; break;
    case StepKind::select:
    case StepKind::head:
    case StepKind::tail: out[0] = wanted; break;
    case StepKind::filter:
      if (produces() == Produces::table) out[0] = wanted;
      break;
    case StepKind::assign: {
      Columns others;
      for (const std::string& w : wanted)
        if (w != step.names[0]) others.push_back(w);
      out[0] = std::move(others);
      if (!has(wanted, step.names[0])) out[1].reset();
      break;
    }
    case StepKind::rename: {
      Columns old;
      for (std::size_t i = 0; i < step.names.size(); ++i)
        if (has(wanted, step.others[i])) old.push_back(step.names[i]);
      out[0] = std::move(old);
      break;
    }
    case StepKind::sort:
    case StepKind::distinct: out[0] = with(wanted, step.names); break;
    case StepKind::group_largest: out[0] = with(with(wanted, step.names), step.others); break;
    case StepKind::map: out[0] = inputs[0]->columns(); break;
    case StepKind::group: {
      Columns needed = step.names;
      for (const table::Aggregate& a : step.aggregates)
        if (a.function != table::Aggregation::size) needed = with(std::move(needed), {a.column});
      out[0] = std::move(needed);
      break;
    }
    case StepKind::cumulative:
    case StepKind::shift:
    case StepKind::rolling:
    case StepKind::fill: out[1] = inputs[1]->columns(); break;
    default: break;  // columns and values are needed whole
  }
  return out;
}

Step StepNode::narrowed(const Columns& wanted) const {
  Step out = step;
  if (produces() != Produces::table || step.kind == StepKind::to_frame) return out;
  switch (step.kind) {
    case StepKind::select: out.names = wanted; break;
    case StepKind::assign:
      if (!has(wanted, step.names[0])) {
        out = Step();
        out.kind = StepKind::select;
        out.names = wanted;
      } else {
        out.keep = wanted;
      }
      break;
    case StepKind::rename:
      out.names.clear();
      out.others.clear();
      for (std::size_t i = 0; i < step.names.size(); ++i)
        if (has(wanted, step.others[i])) {
          out.names.push_back(step.names[i]);
          out.others.push_back(step.others[i]);
        }
      out.keep = wanted;
      break;
    default: out.keep = wanted;
  }
  return out;
}

PlanPtr column(const PlanPtr& table, const std::string& name) {
  if (!has(table->columns(), name)) unknown_column(name, table->columns());
  Step step;
  step.kind = StepKind::column;
  step.names = {name};
  return make_step("getitem", std::move(step), {table});
}

void unknown_column(const std::string& name, const Columns& columns) {
  const auto distance = [&](const std::string& other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 0; j < other.size(); ++j) {
        const std::size_t change =
            diagonal + (std::tolower(static_cast<unsigned char>(name[i])) != std::tolower(static_cast<unsigned char>(other[j])));
        diagonal = row[j + 1];
        row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, change});
      }
    }
    return row.back();
  };
  std::vector<std::pair<std::size_t, std::size_t>> order;
  for (std::size_t i = 0; i < columns.size(); ++i) order.emplace_back(distance(columns[i]), i);
  std::sort(order.begin(), order.end());
  std::string nearest;
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), 3); ++i) nearest += (i ? ", " : "") + ("\"" + columns[order[i].second] + "\"");
  throw KeyError("no column \"" + name + "\" among the " + std::to_string(columns.size()) + " of the frame" +
                 (nearest.empty() ? std::string() : "; the nearest names are " + nearest));
}

}  // namespace ashlar::dataframe
