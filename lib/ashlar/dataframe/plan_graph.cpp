#include "ashlar/dataframe/plan_graph.hpp"

#include <algorithm>
#include <unordered_set>

namespace ashlar::dataframe {

const PlanPtr& Replacements::at(const PlanPtr& node) {
  const PlanPtr* found = &node;
  for (auto next = replaced_.find((*found)->token); next != replaced_.end(); next = replaced_.find((*found)->token)) found = &next->second;
  return nodes_.try_emplace((*found)->token, *found).first->second;
}

const std::string& cheapest_column(const Table& table) {
  for (std::int64_t c = 0; c < table.ncols(); ++c)
    if (table.at(c).type() != ColumnType::string) return table.columns()[static_cast<std::size_t>(c)];
  return table.columns()[0];
}

PlanGraph::PlanGraph(const std::vector<PlanPtr>& asked, Replacements& plan) {
  std::unordered_set<const PlanNode*> entered;
  std::vector<std::pair<PlanPtr, std::size_t>> open;
  for (const PlanPtr& each : asked) {
    const PlanPtr root = plan.at(each);
    roots.insert(root.get());
    if (!entered.insert(root.get()).second) continue;
    open.emplace_back(root, 0);
    while (!open.empty()) {
      auto& [node, next] = open.back();
      if (next == node->inputs.size()) {
        const auto* step = dynamic_cast<const StepNode*>(node.get());
        any_filter |= step && step->step.kind == StepKind::filter;
        order.push_back(std::move(node));
        open.pop_back();
        continue;
      }
      const PlanPtr input = plan.at(node->inputs[next++]);
      if (entered.insert(input.get()).second) open.emplace_back(input, 0);
    }
  }
  find_consumers(plan);
}

void PlanGraph::find_consumers(Replacements& plan) {
  std::unordered_map<const PlanNode*, std::set<std::string>> wanted;
  std::unordered_set<const PlanNode*> reached(roots.begin(), roots.end());
  for (const PlanNode* root : roots)
    if (root->produces() == Produces::table) wanted[root].insert(root->columns().begin(), root->columns().end());
  std::vector<PlanPtr> used;
  for (std::size_t i = order.size(); i-- > 0;) {
    const PlanPtr& node = order[i];
    if (!reached.contains(node.get())) continue;
    used.push_back(node);
    std::vector<std::string> columns;
    if (node->produces() == Produces::table) {
      const auto& all = wanted[node.get()];
      for (const std::string& name : node->columns())
        if (all.contains(name)) columns.push_back(name);
    }
    const auto demands = node->demand(columns);
    std::vector<bool> of_node(node->inputs.size());
    for (std::size_t k = 0; k < demands.size() && k < of_node.size(); ++k) {
      if (!demands[k]) continue;
      of_node[k] = true;
      const PlanNode* input = plan.at(node->inputs[k]).get();
      reached.insert(input);
      auto& of_input = wanted[input];
      of_input.insert(demands[k]->begin(), demands[k]->end());
      if (demands[k]->empty() && input->produces() == Produces::table && !input->columns().empty()) of_input.insert(cheapest_column(input->table()));
      auto& users = consumers_[input];
      if (users.empty() || users.back() != node) users.push_back(node);
    }
    needed_[node.get()] = std::move(of_node);
  }
  std::reverse(used.begin(), used.end());
  order = std::move(used);
}

}  // namespace ashlar::dataframe
