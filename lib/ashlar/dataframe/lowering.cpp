// From the plan to layers: which columns are needed, which steps fuse, one program per group of fused steps.

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "ashlar/dataframe/filter_pushdown.hpp"
#include "ashlar/dataframe/joined_tasks.hpp"
#include "ashlar/dataframe/plan.hpp"
#include "ashlar/dataframe/program.hpp"

namespace ashlar::dataframe {
namespace {

using Columns = std::vector<std::string>;

const StepNode* as_step(const PlanNode* node) { return dynamic_cast<const StepNode*>(node); }
const PersistedNode* as_persisted(const PlanNode* node) { return dynamic_cast<const PersistedNode*>(node); }
bool is_literal(const PlanNode* node) {
  const StepNode* step = as_step(node);
  return step && step->step.kind == StepKind::literal;
}
// Worth a task of its own where two programs need it.
bool expensive(const StepNode& node) {
  const StepKind k = node.step.kind;
  return k == StepKind::map || k == StepKind::filter || k == StepKind::sort || k == StepKind::distinct || k == StepKind::group_largest || k == StepKind::finish_groups || k == StepKind::value_counts ||
         k == StepKind::finish_reduction;
}

/// All nodes that were asked for in one builder.
class Lowering {
 public:
  std::vector<TaskRef> request(const PlanPtr& asked, GraphBuilder& builder) {
    const PlanNode* node = canonical(asked).get();
    if (const PersistedNode* kept = as_persisted(node)) return results(*kept, builder);
    if (!started_) {
      started_ = true;
      builder.before_take([this](GraphBuilder& b) { finish(b); });
    }
    const auto [it, added] = number_.try_emplace(node, -1);
    if (added) {
      it->second = builder.reserve();
      asked_.push_back(canonical(asked));
    }
    return refs(it->second, node->npartitions);
  }

 private:
  struct Place {
    Columns wanted;
    bool reached = false, materialised = false;
    std::set<const PlanNode*> programs;  // the roots of the programs it is part of
    std::vector<TaskRef> tasks;
    // Of small partitions (joined_tasks.hpp):
    std::vector<std::int64_t> work;                        // bytes of each task, where known
    const PlanNode *source = nullptr, *worked_on = nullptr; // what its tasks do themselves: the results of this node, and a program on them
    bool inside = false;                                   // done by the tasks of another node
    std::shared_ptr<const Layer> layer;                    // then: what they do
  };

  static std::vector<TaskRef> refs(std::int32_t layer, std::int64_t n) {
    std::vector<TaskRef> out;
    for (std::int64_t i = 0; i < n; ++i) out.push_back({layer, i});
    return out;
  }
  static std::vector<TaskRef> results(const PersistedNode& node, GraphBuilder& builder) {
    std::vector<TaskRef> out;
    for (const ResultHandle& r : node.results) out.push_back(builder.input(r));
    return out;
  }
  // Equal expressions are one node.
  const PlanPtr& canonical(const PlanPtr& node) { return nodes_.at(node); }

  void finish(GraphBuilder& builder) {
    if (builder.optimize()) {
      push_filters(asked_, nodes_);
      join_before_exchanges(asked_, nodes_);
      std::map<const PlanNode*, std::int32_t> numbers;
      for (const PlanPtr& asked : asked_) numbers[canonical(asked).get()] = number_.at(asked.get());
      number_ = std::move(numbers);
    }
    const auto order = producers_first();
    find_demands(order, builder.optimize());
    if (builder.optimize()) find_joined(order);
    for (const PlanNode* node : order) {
      Place& place = places_[node];
      if (!place.reached) continue;
      if (const PersistedNode* kept = as_persisted(node)) place.tasks = results(*kept, builder);
      else if (place.materialised) {
        const StepNode* step = as_step(node);
        auto layer = step ? program(*step, order) : other(*node);
        if (place.inside) {
          place.layer = std::move(layer);
          continue;
        }
        const auto asked = number_.find(node);
        std::int32_t number = asked == number_.end() ? -1 : asked->second;
        if (number < 0) number = builder.add(std::move(layer));
        else builder.put(number, std::move(layer));
        place.tasks = refs(number, node->npartitions);
      }
    }
  }

  std::vector<const PlanNode*> producers_first() {
    std::vector<const PlanNode*> order;
    std::set<const PlanNode*> entered;
    std::vector<std::pair<const PlanNode*, std::size_t>> open;
    // In the order of their numbers, which is that of the requests: the graph does not depend on addresses.
    std::vector<std::pair<std::int32_t, const PlanNode*>> asked;
    for (const auto& [node, number] : number_) asked.emplace_back(number, node);
    std::sort(asked.begin(), asked.end());
    for (const auto& [number, root] : asked) {
      if (!entered.insert(root).second) continue;
      open.emplace_back(root, 0);
      while (!open.empty()) {
        auto& [node, next] = open.back();
        if (next == node->inputs.size()) {
          order.push_back(node);
          open.pop_back();
          continue;
        }
        const PlanNode* input = canonical(node->inputs[next++]).get();
        if (entered.insert(input).second) open.emplace_back(input, 0);
      }
    }
    return order;
  }

  void add_wanted(const PlanNode& node, const Columns& more) {
    Place& place = places_[&node];
    place.reached = true;
    if (node.produces() != Produces::table || node.columns().empty()) return;
    std::set<std::string> all(place.wanted.begin(), place.wanted.end());
    all.insert(more.begin(), more.end());
    if (all.empty()) all.insert(cheapest_column(node.table()));
    place.wanted.clear();
    for (const std::string& name : node.columns())
      if (all.contains(name)) place.wanted.push_back(name);
  }

  void find_demands(const std::vector<const PlanNode*>& order, bool optimize) {
    for (const auto& [node, number] : number_) {
      add_wanted(*node, node->produces() == Produces::table ? node->columns() : Columns());
      places_[node].materialised = true;
    }
    for (std::size_t i = order.size(); i-- > 0;) {
      const PlanNode* node = order[i];
      Place& place = places_[node];
      if (!place.reached || as_persisted(node)) continue;
      const StepNode* step = as_step(node);
      if (!step || (!optimize && !is_literal(node)) || (place.programs.size() > 1 && expensive(*step))) place.materialised = true;
      if (place.materialised) place.programs = {node};
      if (!optimize && node->produces() == Produces::table) place.wanted = node->columns();
      const auto demands = node->demand(place.wanted);
      for (std::size_t k = 0; k < node->inputs.size(); ++k) {
        if (!demands[k]) continue;
        const PlanNode* input = canonical(node->inputs[k]).get();
        add_wanted(*input, *demands[k]);
        Place& of_input = places_[input];
        // A value is computed once, not in each of the partitions that use it.
        if (!step || (input->produces() == Produces::value && node->produces() != Produces::value && !is_literal(input)))
          of_input.materialised = true;
        else of_input.programs.insert(place.programs.begin(), place.programs.end());
      }
    }
  }

  std::shared_ptr<const Layer> other(const PlanNode& node) {
    const auto& of_node = static_cast<const LayerNode&>(node);
    const Place& place = places_[&node];
    if (place.source) {
      const PlanNode* program = place.worked_on;
      return joined_tasks(places_[place.source].layer, program ? places_[program].layer : nullptr, of_node.layer({refs(0, place.source->npartitions)}, place.wanted));
    }
    std::vector<std::vector<TaskRef>> inputs;
    for (const PlanPtr& input : node.inputs) inputs.push_back(places_[canonical(input).get()].tasks);
    return of_node.layer(inputs, place.wanted);
  }

  // What has a task of its own, and what is in no program but this one's.
  bool is_loaded(const PlanNode* node, const StepNode& root) { return node != &root && (!as_step(node) || places_[node].materialised); }
  // The nodes of a program: from the root up to what has a task of its own.
  std::set<const PlanNode*> nodes_of_program(const StepNode& root) {
    std::set<const PlanNode*> inside{&root};
    std::vector<const PlanNode*> open{&root};
    while (!open.empty()) {
      const PlanNode* node = open.back();
      open.pop_back();
      if (is_loaded(node, root)) continue;
      const auto demands = node->demand(places_[node].wanted);
      for (std::size_t k = 0; k < node->inputs.size(); ++k) {
        const PlanNode* input = canonical(node->inputs[k]).get();
        if (demands[k] && inside.insert(input).second) open.push_back(input);
      }
    }
    return inside;
  }

  // Sources of small partitions whose results, or what a program makes of them, are put together and needed nowhere else. Which ones follows from
  // their bytes and the plan alone.
  void find_joined(const std::vector<const PlanNode*>& order) {
    std::unordered_map<const PlanNode*, std::vector<const PlanNode*>> loads;
    std::unordered_map<const PlanNode*, int> users;
    for (const PlanNode* node : order) {
      const Place& place = places_[node];
      if (!place.reached || !place.materialised || as_persisted(node)) continue;
      auto& of_node = loads[node];
      if (const StepNode* step = as_step(node)) {
        for (const PlanNode* each : nodes_of_program(*step))
          if (is_loaded(each, *step)) of_node.push_back(each);
      } else {
        for (const PlanPtr& input : node->inputs) of_node.push_back(canonical(input).get());
      }
      for (const PlanNode* each : of_node) ++users[each];
    }
    const auto only_here = [&](const PlanNode* node) { return users[node] == 1 && !number_.contains(node); };
    for (const PlanNode* node : order) {
      Place& place = places_[node];
      const auto* layer = dynamic_cast<const LayerNode*>(node);
      if (!layer || !place.reached) continue;
      if (node->inputs.empty()) place.work = layer->work_bytes(place.wanted);
      if (!layer->joins_neighbours()) continue;
      const PlanNode *made = canonical(node->inputs[0]).get(), *source = made;
      if (!only_here(made)) continue;
      if (as_step(made)) {
        const auto& of_program = loads[made];
        if (of_program.size() != 1 || !only_here(of_program[0]) || of_program[0]->npartitions != made->npartitions) continue;
        source = of_program[0];
      }
      const std::vector<std::int64_t>& parts = places_[source].work;
      if (parts.empty()) continue;
      const auto joining = layer->layer({refs(0, source->npartitions)}, place.wanted);
      std::vector<std::int64_t> work;
      std::vector<TaskRef> of_task;
      for (std::int64_t i = 0; i < joining->size(); ++i) {
        of_task.clear();
        joining->dependencies(i, of_task);
        std::int64_t sum = 0;
        for (const TaskRef& part : of_task) sum += parts[static_cast<std::size_t>(part.index)];
        work.push_back(sum);
      }
      if (*std::max_element(work.begin(), work.end()) > joined_bytes) continue;
      place.work = std::move(work);
      place.source = source;
      places_[source].inside = true;
      if (made != source) {
        place.worked_on = made;
        places_[made].inside = true;
      }
    }
  }

  std::shared_ptr<const Layer> program(const StepNode& root, const std::vector<const PlanNode*>& order) {
    const std::set<const PlanNode*> inside = nodes_of_program(root);
    const auto loaded = [&](const PlanNode* node) { return is_loaded(node, root); };
    std::vector<Step> steps;
    std::vector<std::vector<TaskRef>> inputs;
    std::unordered_map<const PlanNode*, std::int32_t> registers;
    std::vector<std::string> names;
    std::vector<PlanPtr> masks;
    for (const PlanNode* node : order) {
      if (!inside.contains(node)) continue;
      const Place& place = places_[node];
      Step step;
      if (loaded(node)) {
        step.kind = StepKind::input;
        step.n = static_cast<std::int64_t>(inputs.size());
        if (node->produces() == Produces::table) step.keep = place.wanted;
        inputs.push_back(place.tasks);
      } else {
        step = static_cast<const StepNode*>(node)->narrowed(place.wanted);
        const auto demands = node->demand(place.wanted);
        for (std::size_t k = 0; k < node->inputs.size(); ++k)
          if (demands[k]) step.operands.push_back(registers.at(canonical(node->inputs[k]).get()));
        if (step.kind == StepKind::filter) masks.push_back(canonical(node->inputs[1]));
        if (step.kind != StepKind::literal && (names.empty() || names.back() != node->name)) names.push_back(node->name);
      }
      registers[node] = static_cast<std::int32_t>(steps.size());
      steps.push_back(std::move(step));
    }
    std::string name;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names.size() > 4 && i == 2) i = names.size() - 2;
      name += (name.empty() ? "" : "-") + names[i];
    }
    auto layer = std::make_shared<PlanLayer>(name, root.npartitions, std::make_shared<ProgramOperation>(std::move(steps)),
                                             [inputs = std::move(inputs)](std::int64_t index, std::vector<TaskRef>& out) {
                                               for (const auto& tasks : inputs)
                                                 out.push_back(tasks.size() == 1 ? tasks[0] : tasks[static_cast<std::size_t>(index)]);
                                             });
    if (!masks.empty()) layer->note = [masks = std::move(masks)] { return "rows where " + text_of(masks); };
    return layer;
  }

  bool started_ = false;
  Replacements nodes_;
  std::vector<PlanPtr> asked_;
  std::map<const PlanNode*, std::int32_t> number_;
  std::unordered_map<const PlanNode*, Place> places_;
};

}  // namespace

std::vector<TaskRef> lower(const PlanPtr& node, GraphBuilder& builder) { return builder.state<Lowering>().request(node, builder); }

std::int64_t graph_layers(const PlanPtr& node) {
  std::set<Token> seen{node->token};
  std::vector<const PlanNode*> open{node.get()};
  std::int64_t n = 0;
  while (!open.empty()) {
    const PlanNode* next = open.back();
    open.pop_back();
    n += !is_literal(next);
    for (const PlanPtr& input : next->inputs)
      if (seen.insert(input->token).second) open.push_back(input.get());
  }
  return n;
}

}  // namespace ashlar::dataframe
