#include "ashlar/dataframe/program.hpp"

namespace ashlar::dataframe {

Object to_object(Register result) {
  return std::visit(
      []<class T>(T&& value) -> Object {
        using V = std::remove_cvref_t<T>;
        if constexpr (std::is_same_v<V, std::monostate>) return Object();
        else return Object::of<V>(std::forward<T>(value));
      },
      std::move(result));
}

Register from_object(const Object& object) {
  if (object.holds<Table>()) return object.get<Table>();
  if (object.holds<Column>()) return object.get<Column>();
  if (object.holds<Value>()) return object.get<Value>();
  if (object.holds<table::Reduction>()) return object.get<table::Reduction>();
  if (object.holds<table::GroupPartial>()) return object.get<table::GroupPartial>();
  throw InternalError("a step of a dataframe was given " + object.summary());
}

Register run_steps(const std::vector<Step>& steps, const Table& table) {
  std::vector<Register> registers(steps.size() + 1);
  registers[0] = table;
  std::vector<const Register*> operands;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    operands.clear();
    for (const std::int32_t r : steps[i].operands) operands.push_back(&registers[static_cast<std::size_t>(r)]);
    registers[i + 1] = run_step(steps[i], operands);
  }
  return std::move(registers.back());
}

ProgramOperation::ProgramOperation(std::vector<Step> steps) : steps_(std::move(steps)), done_after_(steps_.size()) {
  std::vector<std::size_t> last(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    last[i] = i;
    for (const std::int32_t r : steps_[i].operands) last.at(static_cast<std::size_t>(r)) = i;
  }
  for (std::size_t r = 0; r + 1 < last.size(); ++r) done_after_[last[r]].push_back(static_cast<std::int32_t>(r));
}

void ProgramOperation::encode(Writer& out) const {
  out.put<std::uint64_t>(steps_.size());
  for (const Step& step : steps_) step.encode(out);
}

std::shared_ptr<const ProgramOperation> ProgramOperation::decode(Reader& in) {
  std::vector<Step> steps(in.get<std::uint64_t>());
  for (Step& step : steps) step = Step::decode(in);
  return std::make_shared<ProgramOperation>(std::move(steps));
}

Object ProgramOperation::run(TaskInput& task) const {
  std::vector<Register> registers(steps_.size());
  std::vector<const Register*> operands;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    operands.clear();
    Register loaded;
    if (step.kind == StepKind::input) {
      Object& input = task.inputs.at(static_cast<std::size_t>(step.n));
      loaded = from_object(input);
      input = Object();
      operands.push_back(&loaded);
    }
    for (const std::int32_t r : step.operands) operands.push_back(&registers[static_cast<std::size_t>(r)]);
    registers[i] = run_step(step, operands);
    for (const std::int32_t r : done_after_[i]) registers[static_cast<std::size_t>(r)] = {};
  }
  return to_object(std::move(registers.back()));
}

}  // namespace ashlar::dataframe
