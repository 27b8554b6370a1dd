#include "ashlar/ndarray/program_chains_detail.hpp"

#include <algorithm>
#include <optional>

namespace ashlar {
namespace {

using kernels::ChainOp;

/// The chain operation, with the chain's value as first and as second operand.
struct Sides {
  ChainOp first, second;
};

std::optional<Sides> sides_of(Op op) {
  switch (op) {
    case Op::add: return Sides{ChainOp::add, ChainOp::add};
    case Op::subtract: return Sides{ChainOp::subtract, ChainOp::subtract_from};
    case Op::multiply: return Sides{ChainOp::multiply, ChainOp::multiply};
    case Op::divide: return Sides{ChainOp::divide, ChainOp::divide_into};
    case Op::maximum: return Sides{ChainOp::maximum, ChainOp::maximum_of};
    case Op::minimum: return Sides{ChainOp::minimum, ChainOp::minimum_of};
    case Op::clip: return Sides{ChainOp::maximum, ChainOp::maximum};
    case Op::negative: return Sides{ChainOp::negative, ChainOp::negative};
    case Op::absolute: return Sides{ChainOp::absolute, ChainOp::absolute};
    case Op::square: return Sides{ChainOp::square, ChainOp::square};
    case Op::sqrt: return Sides{ChainOp::sqrt, ChainOp::sqrt};
    default: return std::nullopt;
  }
}

/// `inner` becomes the beginning of `chain`, its value a block put aside.
void take_in(ChainPlan& chain, ChainPlan&& inner) {
  const int slot = chain.kept + inner.kept;
  for (ChainPlan::Stage& stage : inner.stages)
    if (stage.kept >= 0) stage.kept += chain.kept;
  chain.kept = slot + 1;
  std::vector<ChainPlan::Stage> stages = std::move(inner.stages);
  stages.push_back({ChainOp::keep, -1, slot});
  for (ChainPlan::Stage& stage : chain.stages)
    if (stage.operand == inner.end && stage.op != ChainOp::count) stage = {stage.op, -1, slot};
  stages.insert(stages.end(), chain.stages.begin(), chain.stages.end());
  chain.stages = std::move(stages);
  chain.inside.insert(chain.inside.end(), inner.inside.begin(), inner.inside.end());
  chain.inside.push_back(inner.end);
}

/// Puts aside nothing that is still in the registers.
void drop_idle(ChainPlan& chain) {
  std::vector<ChainPlan::Stage> stages;
  for (const ChainPlan::Stage& stage : chain.stages) {
    if (!stages.empty() && stage.op == ChainOp::load && stage.kept >= 0 && stages.back().op == ChainOp::keep && stages.back().kept == stage.kept) {
      const auto reads = [&](const ChainPlan::Stage& s) { return s.kept == stage.kept; };
      if (std::count_if(chain.stages.begin(), chain.stages.end(), reads) == 2) stages.pop_back();  // nobody else wants it
      continue;
    }
    stages.push_back(stage);
  }
  chain.stages = std::move(stages);
}

std::vector<ChainPlan> joined(std::vector<ChainPlan> chains, std::size_t values, const std::vector<ChainFacts>& facts) {
  std::sort(chains.begin(), chains.end(), [](const ChainPlan& a, const ChainPlan& b) { return a.end < b.end; });
  std::vector<int> ending(values, -1);
  for (std::size_t i = 0; i < chains.size(); ++i) ending[static_cast<std::size_t>(chains[i].end)] = static_cast<int>(i);
  std::vector<bool> gone(chains.size(), false);
  for (std::size_t i = 0; i < chains.size(); ++i) {
    ChainPlan& chain = chains[i];
    // What the chain begins with is taken in first, and so stands next to it: it is still in the registers then.
    std::vector<int> wanted;
    for (const ChainPlan::Stage& stage : chain.stages) wanted.push_back(stage.operand);
    for (int operand : wanted) {
      const int j = operand < 0 || operand == chain.end ? -1 : ending[static_cast<std::size_t>(operand)];
      if (j < 0 || gone[static_cast<std::size_t>(j)]) continue;
      ChainPlan& other = chains[static_cast<std::size_t>(j)];
      if (std::count(wanted.begin(), wanted.end(), operand) != facts[static_cast<std::size_t>(operand)].uses || chain.kept + other.kept >= kernels::chain_kept_max) continue;
      gone[static_cast<std::size_t>(j)] = true;
      take_in(chain, std::move(other));
    }
    drop_idle(chain);
  }
  std::vector<ChainPlan> left;
  for (std::size_t i = 0; i < chains.size(); ++i)
    if (!gone[i]) left.push_back(std::move(chains[i]));
  return left;
}

}  // namespace

std::vector<ChainPlan> find_chains(const std::vector<Program::Step>& steps, const std::vector<ChainFacts>& facts) {
  std::vector<ChainPlan> chains;
  std::vector<int> ending(steps.size(), -1);  // value -> chain that ends there
  const auto fact = [&](int v) -> const ChainFacts& { return facts[static_cast<std::size_t>(v)]; };
  // A chain that may go on from value v; -1: none.
  const auto open = [&](int v) { return fact(v).uses == 1 ? ending[static_cast<std::size_t>(v)] : -1; };

  for (int v = 0; v < static_cast<int>(steps.size()); ++v) {
    const Program::Step& step = steps[static_cast<std::size_t>(v)];
    if (fact(v).uses == 0) continue;
    if (fact(v).countable) {
      ending[static_cast<std::size_t>(v)] = static_cast<int>(chains.size());
      chains.push_back({{{ChainOp::count, v}}, v, {}});
      continue;
    }
    if (step.kind != Program::Step::Kind::apply || !is_floating(step.compute)) continue;
    const std::optional<Sides> sides = sides_of(step.op);
    if (!sides) continue;

    const int first = step.operands[0], second = op_arity(step.op) == 2 ? step.operands[1] : -1;
    const int first_chain = open(first), second_chain = second >= 0 ? open(second) : -1;
    const auto stages = [&](int chain) { return chains[static_cast<std::size_t>(chain)].stages.size(); };
    bool take_second;
    if (first_chain >= 0 && second_chain >= 0) take_second = stages(second_chain) > stages(first_chain);
    else if (first_chain >= 0 || second_chain >= 0) take_second = second_chain >= 0;
    else take_second = second >= 0 && fact(first).scalar && !fact(second).scalar;

    int chain = take_second ? second_chain : first_chain;
    if (chain < 0) {
      chain = static_cast<int>(chains.size());
      chains.push_back({{{ChainOp::load, take_second ? second : first}}, v, {}});
    } else {
      ChainPlan& longer = chains[static_cast<std::size_t>(chain)];
      longer.inside.push_back(longer.end);
      ending[static_cast<std::size_t>(longer.end)] = -1;
    }
    ChainPlan& plan = chains[static_cast<std::size_t>(chain)];
    plan.stages.push_back({take_second ? sides->second : sides->first, take_second ? first : op_arity(step.op) == 1 ? -1 : step.operands[1]});
    if (step.op == Op::clip) plan.stages.push_back({ChainOp::minimum, step.operands[2]});
    plan.end = v;
    ending[static_cast<std::size_t>(v)] = chain;
  }
  return joined(std::move(chains), steps.size(), facts);
}

}  // namespace ashlar
