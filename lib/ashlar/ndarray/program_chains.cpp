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
      chains.push_back({v, true, {}, v, {}});
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
      chains.push_back({take_second ? second : first, false, {}, v, {}});
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
  return chains;
}

}  // namespace ashlar
