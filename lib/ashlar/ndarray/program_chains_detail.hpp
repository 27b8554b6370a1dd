#pragma once
// Which operations of a program run as chains in registers (kernels::Chain). Private to this floor.

#include <vector>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/program_steps_detail.hpp"

namespace ashlar {

struct ChainPlan {
  struct Stage {
    kernels::ChainOp op;
    int operand;    // a value, -1: none
    int kept = -1;  // the block that is put aside (keep) or taken as operand instead
  };
  std::vector<Stage> stages;
  int end;                  // the value it computes
  std::vector<int> inside;  // the values before it, which live in registers and blocks put aside only
  int kept = 0;             // blocks put aside
};

/// What a value is, as far as chains are concerned.
struct ChainFacts {
  int uses = 0;            // operands and outputs that name it; 0: dead
  bool scalar = false;     // one element serves a whole strip
  bool countable = false;  // an arange a chain can make on its own
};

/// Every live floating operation a chain can do is in exactly one plan, as its end or before it. A value joins the chain of an
/// operand when nobody else wants that operand; a chain whose value only one other chain wants is computed inside that one.
std::vector<ChainPlan> find_chains(const std::vector<Program::Step>& steps, const std::vector<ChainFacts>& facts);

}  // namespace ashlar
