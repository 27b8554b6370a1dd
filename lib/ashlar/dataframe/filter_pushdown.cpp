#include "ashlar/dataframe/filter_pushdown.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "ashlar/table/elementwise.hpp"

namespace ashlar::dataframe {
namespace {

const StepNode* as_step(const PlanPtr& node) { return dynamic_cast<const StepNode*>(node.get()); }
bool is_a(const PlanPtr& node, StepKind kind) {
  const StepNode* step = as_step(node);
  return step && step->step.kind == kind;
}

bool cast_cannot_fail(ColumnType from, ColumnType to) {
  if (from == to || to == ColumnType::string) return true;
  if (!is_numeric(from) || !is_numeric(to)) return from == ColumnType::string && to == ColumnType::category;
  return from == ColumnType::boolean || to == ColumnType::boolean || is_floating(to) || (is_integer(from) && promote(from, to) == to);
}

// Row i of the result follows from row i of the operands alone, and there is one whatever it holds.
bool row_by_row(const StepNode& node) {
  switch (node.step.kind) {
    case StepKind::column:
    case StepKind::to_frame:
    case StepKind::select:
    case StepKind::assign:
    case StepKind::rename:
    case StepKind::compare:
    case StepKind::logic:
    case StepKind::invert:
    case StepKind::negate:
    case StepKind::absolute:
    case StepKind::round:
    case StepKind::isna:
    case StepKind::notna:
    case StepKind::fillna:
    case StepKind::isin:
    case StepKind::where:
    case StepKind::clip:
    case StepKind::string_method:
    case StepKind::calendar_field:
      return true;
    case StepKind::arithmetic:
      return static_cast<table::Arithmetic>(node.step.op) != table::Arithmetic::power;  // refuses negative exponents of integers
    case StepKind::cast: {
      const Column* from = std::get_if<Column>(&node.inputs[0]->sample);
      return from && cast_cannot_fail(from->type(), node.step.type);
    }
    default:
      return false;
  }
}

class Pushing {
 public:
  Pushing(const std::vector<PlanPtr>& roots, Replacements& plan) : roots_(roots), plan_(plan) {}

  /// Moves the filters above one node; false when none can move.
  bool once() {
    const PlanGraph graph(roots_, plan_);
    if (!graph.any_filter) return false;
    graph_ = &graph;
    for (const PlanPtr& node : graph.order)
      if (push_below(node)) return true;
    return false;
  }

 private:
  // Expressions are walked through by recursion: filters above more steps than these (frames of thousands of computed columns) stay where they are.
  static constexpr std::size_t most_steps = 4096;

  // The steps above `base` that look at one row at a time, and the filters above them. Nothing else uses base.
  struct Region {
    PlanPtr base;
    std::unordered_set<const PlanNode*> inside;
    std::vector<PlanPtr> filters;
  };

  const std::vector<PlanPtr>& consumers(const PlanPtr& node) const { return graph_->consumers_of(node); }
  bool needs(const PlanNode& node, std::size_t input) const { return graph_->needs(node, input); }

  std::optional<Region> region_above(const PlanPtr& base) {
    Region region{base, {base.get()}, {}};
    std::vector<PlanPtr> open{base}, steps;
    while (!open.empty()) {
      const PlanPtr node = open.back();
      open.pop_back();
      if (graph_->roots.contains(node.get())) return std::nullopt;
      for (const PlanPtr& user : consumers(node)) {
        const StepNode* step = as_step(user);
        if (!step) return std::nullopt;
        if (step->step.kind == StepKind::filter) {
          if (std::find(region.filters.begin(), region.filters.end(), user) == region.filters.end()) region.filters.push_back(user);
        } else if (!row_by_row(*step)) {
          return std::nullopt;
        } else if (region.inside.size() >= most_steps) {
          return std::nullopt;
        } else if (region.inside.insert(user.get()).second) {
          open.push_back(user);
          steps.push_back(user);
        }
      }
    }
    if (region.filters.empty()) return std::nullopt;
    for (const PlanPtr& step : steps)
      for (std::size_t k = 0; k < step->inputs.size(); ++k) {
        if (!needs(*step, k)) continue;
        const PlanPtr& input = plan_.at(step->inputs[k]);
        if (!region.inside.contains(input.get()) && !is_a(input, StepKind::literal)) return std::nullopt;
      }
    for (const PlanPtr& filter : region.filters)
      for (const PlanPtr& input : filter->inputs)
        if (!region.inside.contains(plan_.at(input).get())) return std::nullopt;
    return region;
  }

  // An expression of the region as one on columns of its base; null when it is not to be had.
  PlanPtr resolved(const PlanPtr& node, const PlanPtr& base, std::unordered_map<const PlanNode*, PlanPtr>& known) {
    if (const auto found = known.find(node.get()); found != known.end()) return found->second;
    PlanPtr out;
    const StepNode* step = as_step(node);
    if (is_a(node, StepKind::literal)) {
      out = node;
    } else if (is_a(node, StepKind::column)) {
      out = column_of_base(plan_.at(node->inputs[0]), step->step.names[0], base, known);
    } else if (step && node->produces() == Produces::column) {
      std::vector<PlanPtr> inputs;
      for (const PlanPtr& input : node->inputs) {
        inputs.push_back(resolved(plan_.at(input), base, known));
        if (!inputs.back()) return known[node.get()] = nullptr;
      }
      out = with_inputs(*step, std::move(inputs));
    }
    return known[node.get()] = out;
  }
  PlanPtr column_of_base(PlanPtr table, std::string name, const PlanPtr& base, std::unordered_map<const PlanNode*, PlanPtr>& known) {
    while (table != base) {
      const StepNode* step = as_step(table);
      if (!step || --work_ < 0) return nullptr;
      const Step& s = step->step;
      switch (s.kind) {
        case StepKind::select: break;
        case StepKind::rename: {
          const auto at = std::find(s.others.begin(), s.others.end(), name);
          if (at == s.others.end()) return nullptr;
          name = s.names[static_cast<std::size_t>(at - s.others.begin())];
          break;
        }
        case StepKind::assign:
          if (s.names[0] != name) break;
          if (step->inputs[1]->produces() != Produces::column) return nullptr;
          return resolved(plan_.at(step->inputs[1]), base, known);
        case StepKind::to_frame: return resolved(plan_.at(step->inputs[0]), base, known);
        default: return nullptr;
      }
      table = plan_.at(step->inputs[0]);
    }
    return column(base, name);
  }

  static void split(const PlanPtr& mask, std::vector<PlanPtr>& out, std::set<Token>& seen) {
    if (!seen.insert(mask->token).second) return;
    const StepNode* step = as_step(mask);
    if (step && step->step.kind == StepKind::logic && static_cast<table::Logic>(step->step.op) == table::Logic::and_) {
      for (const PlanPtr& input : step->inputs) split(input, out, seen);
    } else {
      out.push_back(mask);
    }
  }

  // A part of the region on another base.
  PlanPtr rebased(const PlanPtr& node, const Region& region, const PlanPtr& base, std::unordered_map<const PlanNode*, PlanPtr>& known) {
    if (node == region.base) return base;
    if (!region.inside.contains(node.get())) return node;
    if (const auto found = known.find(node.get()); found != known.end()) return found->second;
    std::vector<PlanPtr> inputs;
    for (std::size_t k = 0; k < node->inputs.size(); ++k)
      inputs.push_back(needs(*node, k) ? rebased(plan_.at(node->inputs[k]), region, base, known) : node->inputs[k]);
    return known[node.get()] = with_inputs(*as_step(node), std::move(inputs));
  }

  bool push_below(const PlanPtr& base) {
    if (base->produces() != Produces::table) return false;
    const StepNode* step = as_step(base);
    const auto* layer = dynamic_cast<const LayerNode*>(base.get());
    if (!layer && !(step && (step->step.kind == StepKind::filter || step->step.kind == StepKind::sort))) return false;
    const auto region = region_above(base);
    if (!region) return false;

    std::vector<PlanPtr> conjuncts;
    std::unordered_map<const PlanNode*, PlanPtr> known;
    for (std::size_t i = 0; i < region->filters.size(); ++i) {
      const PlanPtr mask = resolved(plan_.at(region->filters[i]->inputs[1]), base, known);
      if (!mask) return false;
      std::vector<PlanPtr> of_this;
      std::set<Token> seen;
      split(mask, of_this, seen);
      if (i == 0) conjuncts = of_this;
      else if (!std::equal(conjuncts.begin(), conjuncts.end(), of_this.begin(), of_this.end(), [](const PlanPtr& a, const PlanPtr& b) { return a->token == b->token; }))
        return false;
    }
    for (const PlanPtr& conjunct : conjuncts)
      if (columns_read(conjunct).empty()) return false;

    PlanPtr below;
    if (layer) {
      const auto filtered = layer->filtered(conjuncts, [this](const PlanPtr& node) { return consumers(plan_.at(node)).size() == 1; });
      if (!filtered) return false;
      below = filtered->rest.empty() ? filtered->node : rows_with(filtered->node, filtered->rest);
    } else if (step->step.kind == StepKind::sort) {
      below = with_inputs(*step, {rows_with(plan_.at(base->inputs[0]), conjuncts)});
    } else {
      below = both_filters(base, *step, conjuncts);
      if (!below) return false;
    }

    std::vector<PlanPtr> instead;
    std::unordered_map<const PlanNode*, PlanPtr> moved;
    for (const PlanPtr& filter : region->filters) instead.push_back(rebased(plan_.at(filter->inputs[0]), *region, below, moved));
    // A node that was asked for has tasks of its own, and no other node has the same ones.
    std::set<Token> tokens;
    for (const PlanNode* root : graph_->roots) tokens.insert(root->token);
    for (std::size_t i = 0; i < instead.size(); ++i)
      if (graph_->roots.contains(region->filters[i].get()) && !tokens.insert(instead[i]->token).second) return false;
    for (std::size_t i = 0; i < instead.size(); ++i) plan_.put(region->filters[i], instead[i]);
    return true;
  }

  // Two filters as one, where what lies below the lower one may take a part of the upper.
  PlanPtr both_filters(const PlanPtr& lower, const StepNode& step, const std::vector<PlanPtr>& upper) {
    const PlanPtr table = plan_.at(step.inputs[0]);
    PlanPtr origin = table;
    while (as_step(origin) && !origin->inputs.empty() && row_by_row(*as_step(origin))) origin = plan_.at(origin->inputs[0]);
    const auto* layer = dynamic_cast<const LayerNode*>(origin.get());
    if (!layer || !layer->may_take_filters() || origin->produces() != Produces::table) return nullptr;
    const auto region = region_above(origin);
    if (!region || region->filters != std::vector<PlanPtr>{lower}) return nullptr;
    PlanPtr mask = step.inputs[1];
    for (const PlanPtr& conjunct : upper) {
      Step both;
      both.kind = StepKind::logic;
      both.op = static_cast<std::uint8_t>(table::Logic::and_);
      both.type = ColumnType::boolean;
      mask = raw_step(both, {mask, on_table(conjunct, table)}, Column::nulls(ColumnType::boolean, 0), "and");
    }
    return with_inputs(step, {table, mask});
  }

 public:
  static PlanPtr raw_step(const Step& step, std::vector<PlanPtr> inputs, Register sample, const std::string& name) {
    auto node = std::make_shared<StepNode>();
    node->name = name;
    node->step = step;
    node->sample = std::move(sample);
    node->npartitions = inputs[0]->npartitions;
    node->rows = inputs[0]->rows;
    Writer content;
    step.encode(content);
    for (const PlanPtr& input : inputs) content.put(input->token);
    node->token = token_of(content);
    node->inputs = std::move(inputs);
    return node;
  }

 private:
  const std::vector<PlanPtr>& roots_;
  Replacements& plan_;
  const PlanGraph* graph_ = nullptr;
  std::int64_t work_ = 2'000'000;  // steps looked through for columns, so that planning does not take longer than what it saves
};

void find_columns(const PlanPtr& node, std::set<std::string>& out, std::set<Token>& seen) {
  if (!seen.insert(node->token).second) return;
  if (is_a(node, StepKind::column)) out.insert(as_step(node)->step.names[0]);
  else
    for (const PlanPtr& input : node->inputs) find_columns(input, out, seen);
}

PlanPtr with_columns(const PlanPtr& node, const std::function<PlanPtr(const std::string&)>& column_for, std::map<Token, PlanPtr>& known) {
  if (is_a(node, StepKind::literal)) return node;
  if (const auto found = known.find(node->token); found != known.end()) return found->second;
  const StepNode& step = *as_step(node);
  if (step.step.kind == StepKind::column) return known[node->token] = column_for(step.step.names[0]);
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : node->inputs) inputs.push_back(with_columns(input, column_for, known));
  return known[node->token] = with_inputs(step, std::move(inputs));
}

// Of what is nested deeper no more than a sign is shown.
constexpr int shown_depth = 12;

std::string text_of(const PlanPtr& node, int depth) {
  const StepNode* step = as_step(node);
  if (!step || node->produces() == Produces::table) return node->name;
  if (depth > shown_depth) return "…";
  const Step& s = step->step;
  const auto value = [](const Value& v) {
    if (v.is_null()) return std::string("null");
    return v.type() == ColumnType::string || v.type() == ColumnType::timestamp ? "\"" + v.to_string() + "\"" : v.to_string();
  };
  const auto operand = [&](std::size_t i) { return text_of(node->inputs[i], depth + 1); };
  const auto infix = [&](std::string_view sign) { return "(" + operand(0) + " " + std::string(sign) + " " + operand(1) + ")"; };
  switch (s.kind) {
    case StepKind::literal: return value(s.values[0]);
    case StepKind::column: return s.names[0];
    case StepKind::arithmetic: return infix(symbol(static_cast<table::Arithmetic>(s.op)));
    case StepKind::compare: return infix(symbol(static_cast<table::Comparison>(s.op)));
    case StepKind::logic: return infix(symbol(static_cast<table::Logic>(s.op)));
    case StepKind::invert: return "~" + operand(0);
    case StepKind::negate: return "-" + operand(0);
    default: break;
  }
  std::string out = node->name + "(";
  for (std::size_t i = 0; i < node->inputs.size(); ++i) out += (i ? ", " : "") + operand(i);
  if (s.kind == StepKind::cast) out += ", " + std::string(name(s.type));
  if (s.kind == StepKind::string_method)
    for (const std::string& name : s.names) out += ", \"" + name + "\"";
  for (std::size_t i = 0; i < s.values.size() && i < 6; ++i) out += i == 5 ? ", …" : ", " + value(s.values[i]);
  return out + ")";
}

}  // namespace

void push_filters(const std::vector<PlanPtr>& roots, Replacements& plan) {
  Pushing pushing(roots, plan);
  // Every move brings a filter below a node, or two together: there are not many.
  for (int moves = 0; moves < 1000 && pushing.once(); ++moves) {
  }
}

std::vector<std::string> columns_read(const PlanPtr& conjunct) {
  std::set<std::string> names;
  std::set<Token> seen;
  find_columns(conjunct, names, seen);
  return {names.begin(), names.end()};
}

PlanPtr with_columns(const PlanPtr& conjunct, const std::function<PlanPtr(const std::string&)>& column_for) {
  std::map<Token, PlanPtr> known;
  return with_columns(conjunct, column_for, known);
}

PlanPtr on_table(const PlanPtr& conjunct, const PlanPtr& table) {
  return with_columns(conjunct, [&](const std::string& name) { return column(table, name); });
}

PlanPtr rows_with(const PlanPtr& table, const std::vector<PlanPtr>& conjuncts) {
  PlanPtr mask;
  for (const PlanPtr& conjunct : conjuncts) {
    const PlanPtr next = on_table(conjunct, table);
    if (!mask) {
      mask = next;
      continue;
    }
    Step both;
    both.kind = StepKind::logic;
    both.op = static_cast<std::uint8_t>(table::Logic::and_);
    both.type = ColumnType::boolean;
    mask = Pushing::raw_step(both, {mask, next}, Column::nulls(ColumnType::boolean, 0), "and");
  }
  Step filter;
  filter.kind = StepKind::filter;
  return Pushing::raw_step(filter, {table, mask}, table->sample, "filter");
}

std::vector<Step> as_program(const std::vector<PlanPtr>& conjuncts) {
  std::vector<Step> steps;
  std::map<Token, std::int32_t> place;
  const std::function<std::int32_t(const PlanPtr&)> add = [&](const PlanPtr& node) {
    if (const auto found = place.find(node->token); found != place.end()) return found->second;
    Step step = as_step(node)->step;
    step.operands.clear();
    if (step.kind == StepKind::column) step.operands.push_back(0);
    else
      for (const PlanPtr& input : node->inputs) step.operands.push_back(add(input));
    steps.push_back(std::move(step));
    return place[node->token] = static_cast<std::int32_t>(steps.size());  // the table is before them
  };
  std::int32_t all = -1;
  for (const PlanPtr& conjunct : conjuncts) {
    const std::int32_t next = add(conjunct);
    if (all >= 0) {
      Step both;
      both.kind = StepKind::logic;
      both.op = static_cast<std::uint8_t>(table::Logic::and_);
      both.type = ColumnType::boolean;
      both.operands = {all, next};
      steps.push_back(std::move(both));
      all = static_cast<std::int32_t>(steps.size());
    } else {
      all = next;
    }
  }
  return steps;
}

std::string text_of(const std::vector<PlanPtr>& conjuncts) {
  std::string out;
  for (const PlanPtr& conjunct : conjuncts) out += (out.empty() ? "" : " & ") + text_of(conjunct, 0);
  return out;
}

}  // namespace ashlar::dataframe
