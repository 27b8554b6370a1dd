#pragma once
// All nodes that are to be computed together, and nodes that stand in for others: what the planner looks at and changes. For sources of this floor.

#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "ashlar/dataframe/plan.hpp"

namespace ashlar::dataframe {

/// One node for all equal ones, and those that others stand for by now.
class Replacements {
 public:
  const PlanPtr& at(const PlanPtr& node);
  void put(const PlanPtr& node, PlanPtr by) { replaced_.insert_or_assign(node->token, std::move(by)); }

 private:
  std::map<Token, PlanPtr> nodes_, replaced_;
};

/// A table without columns has no rows: where only the number of rows matters, this column stands for them.
const std::string& cheapest_column(const Table& table);

/// What is asked for and what that needs, from producers to consumers, and who uses what.
struct PlanGraph {
  PlanGraph(const std::vector<PlanPtr>& asked, Replacements& plan);

  std::vector<PlanPtr> order;
  std::set<const PlanNode*> roots;
  bool any_filter = false;

  /// Those that need some of it.
  const std::vector<PlanPtr>& consumers_of(const PlanPtr& node) const {
    const auto found = consumers_.find(node.get());
    return found == consumers_.end() ? none_ : found->second;
  }
  /// Whether the node needs that input of its.
  bool needs(const PlanNode& node, std::size_t input) const { return needed_.at(&node)[input]; }

 private:
  void find_consumers(Replacements& plan);
  std::unordered_map<const PlanNode*, std::vector<PlanPtr>> consumers_;
  std::unordered_map<const PlanNode*, std::vector<bool>> needed_;
  std::vector<PlanPtr> none_;
};

/// The step or layer with other inputs, which give the same columns. Its rows count as the same.
template <class Node>
std::shared_ptr<Node> with_inputs(const Node& node, std::vector<PlanPtr> inputs) {
  auto copy = std::make_shared<Node>(node);
  Writer content;
  content.text("with inputs");
  content.put(node.token);
  for (const PlanPtr& input : inputs) content.put(input->token);
  copy->token = token_of(content);
  copy->inputs = std::move(inputs);
  return copy;
}

}  // namespace ashlar::dataframe
