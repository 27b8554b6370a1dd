#pragma once
// What a fused task runs: steps one after the other, each leaving its result in a register; the last one is the task's.

#include <memory>
#include <vector>

#include "ashlar/dataframe/step.hpp"
#include "ashlar/graph/operation.hpp"

namespace ashlar::dataframe {

class ProgramOperation final : public OperationOf<ProgramOperation> {
 public:
  explicit ProgramOperation(std::vector<Step> steps);
  void encode(Writer& out) const override;
  static std::shared_ptr<const ProgramOperation> decode(Reader& in);
  Object run(TaskInput& task) const override;

 private:
  std::vector<Step> steps_;
  std::vector<std::vector<std::int32_t>> done_after_;  // registers that no later step reads
};

/// Runs the steps over a table, which is operand 0; the result of the last one.
Register run_steps(const std::vector<Step>& steps, const Table& table);

Object to_object(Register result);
Register from_object(const Object& object);

}  // namespace ashlar::dataframe
