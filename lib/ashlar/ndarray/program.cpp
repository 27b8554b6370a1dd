#include "ashlar/ndarray/program.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/program_steps_detail.hpp"

namespace ashlar {

Program::Program() = default;
Program::~Program() = default;
Program::Program(const Program&) = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(const Program&) = default;
Program& Program::operator=(Program&&) noexcept = default;

Program::Value Program::add(Step step) {
  steps_.push_back(std::move(step));
  return static_cast<Value>(steps_.size()) - 1;
}

void Program::check_value(Value value, const char* what) const {
  if (value < 0 || value >= static_cast<Value>(steps_.size()))
    throw InternalError(std::string(what) + " is not a value of this program: " + std::to_string(value) + ", values " + std::to_string(steps_.size()));
}

Program::Value Program::input(DType type) {
  Step step;
  step.kind = Step::Kind::input;
  step.type = type;
  step.input = inputs_++;
  return add(std::move(step));
}

Program::Value Program::constant(const ScalarValue& value) {
  Step step;
  step.kind = Step::Kind::constant;
  step.type = value.type;
  step.start = value;
  return add(std::move(step));
}

Program::Value Program::arange(DType type, ScalarValue start, ScalarValue step_value, LinearIndex k) {
  if (type == DType::bool_) throw TypeError("arange is not defined for element type bool");
  Step step;
  step.kind = Step::Kind::arange;
  step.type = type;
  step.start = start;
  step.step = step_value;
  step.index = std::move(k);
  return add(std::move(step));
}

Program::Value Program::random(DType type, Distribution distribution, std::uint64_t seed, double a, double b, LinearIndex k) {
  const bool whole = distribution == Distribution::integers;
  if (whole ? !is_integer(type) : !is_floating(type))
    throw TypeError(std::string("random numbers of this distribution need ") + (whole ? "an integer" : "a floating") + " type, found " +
                    std::string(dtype_name(type)));
  if (whole && !(a < b)) throw ValueError("random integers need low < high: low " + std::to_string(a) + ", high " + std::to_string(b));
  Step step;
  step.kind = Step::Kind::random;
  step.type = type;
  step.distribution = distribution;
  step.seed = seed;
  step.a = a;
  step.b = b;
  step.index = std::move(k);
  return add(std::move(step));
}

Program::Value Program::apply(Op op, DType type, Value a, Value b, Value c) {
  Step step;
  step.kind = Step::Kind::apply;
  step.op = op;
  step.compute = type;
  const Value given[3] = {a, b, c};
  const int arity = op_arity(op);
  for (int i = 0; i < 3; ++i) {
    if (i >= arity) {
      if (given[i] >= 0)
        throw InternalError(std::string(op_name(op)) + " takes " + std::to_string(arity) + " operands, operand " + std::to_string(i) + " was given");
      continue;
    }
    check_value(given[i], "an operand");
    const DType wanted = op == Op::where && i == 0 ? DType::bool_ : type, found = type_of(given[i]);
    if (op != Op::cast && found != wanted)
      throw TypeError(std::string(op_name(op)) + " wants operands of type " + std::string(dtype_name(wanted)) + ", operand " + std::to_string(i) + " is " +
                      std::string(dtype_name(found)));
    step.operands[i] = given[i];
  }
  if (op != Op::cast && op_compute_type(op, type) != type)
    throw TypeError(std::string(op_name(op)) + " does not compute in " + std::string(dtype_name(type)) + " but in " +
                    std::string(dtype_name(op_compute_type(op, type))));
  step.type = op == Op::cast ? type : op_result_type(op, type);
  return add(std::move(step));
}

Program::Value Program::call(const MapFunction& function, Bytes closure, DType type, std::span<const Value> operands) {
  if (operands.empty() || operands.size() > static_cast<std::size_t>(map_operands_max))
    throw InternalError("a function of elements takes 1 to " + std::to_string(map_operands_max) + " operands, found " + std::to_string(operands.size()));
  Step step;
  step.kind = Step::Kind::call;
  step.type = type;
  step.function = &function;
  step.closure = std::move(closure);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    check_value(operands[i], "an operand");
    step.operands[i] = operands[i];
  }
  return add(std::move(step));
}

DType Program::type_of(Value value) const {
  check_value(value, "type_of: the argument");
  return steps_[static_cast<std::size_t>(value)].type;
}

void Program::store(Value value) {
  check_value(value, "what is stored");
  Output output;
  output.value = value;
  outputs_.push_back(std::move(output));
}

void Program::reduce(Reduction reduction, Value value, std::vector<int> axes, LinearIndex position) {
  check_value(value, "what is reduced");
  Output output;
  output.value = value;
  output.reduced = true;
  output.reduction = reduction;
  output.axes = std::move(axes);
  output.position = std::move(position);
  std::sort(output.axes.begin(), output.axes.end());
  outputs_.push_back(std::move(output));
}

int Program::inputs() const { return inputs_; }

int Program::outputs() const {
  int blocks = 0;
  for (const Output& output : outputs_) blocks += output.reduced ? partial_blocks(output.reduction) : 1;
  return blocks;
}

int Program::evaluations_per_element() const {
  return static_cast<int>(
      std::count_if(steps_.begin(), steps_.end(), [](const Step& s) { return s.kind != Step::Kind::input && s.kind != Step::Kind::constant; }));
}

namespace {

std::string index_text(const LinearIndex& index) {
  std::string text = std::to_string(index.base);
  for (std::size_t d = 0; d < index.coefficients.size(); ++d)
    if (index.coefficients[d] != 0) text += " + " + std::to_string(index.coefficients[d]) + "*i" + std::to_string(d);
  return text;
}

std::string number_text(double value) { return ScalarValue::of(value).text(); }

const char* distribution_name(Distribution distribution) {
  switch (distribution) {
    case Distribution::uniform: return "uniform";
    case Distribution::normal: return "normal";
    case Distribution::integers: return "integers";
    case Distribution::exponential: break;
  }
  return "exponential";
}

}  // namespace

std::string Program::text() const {
  std::string all;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    std::string line = "v" + std::to_string(i) + ": " + std::string(dtype_name(step.type)) + " = ";
    switch (step.kind) {
      case Step::Kind::input: line += "input " + std::to_string(step.input); break;
      case Step::Kind::constant: line += step.start.text(); break;
      case Step::Kind::arange: line += step.start.text() + " + " + step.step.text() + " * (" + index_text(step.index) + ")"; break;
      case Step::Kind::random:
        line += std::string(distribution_name(step.distribution)) + "(" + number_text(step.a) + ", " + number_text(step.b) + ", seed " +
                std::to_string(step.seed) + ", " + index_text(step.index) + ")";
        break;
      case Step::Kind::apply:
        line += std::string(op_name(step.op)) + "(";
        for (int k = 0; k < op_arity(step.op); ++k) line += (k ? ", v" : "v") + std::to_string(step.operands[k]);
        line += ")";
        break;
      case Step::Kind::call:
        line += "map(";
        for (int k = 0; k < map_operands_max && step.operands[k] >= 0; ++k) line += (k ? ", v" : "v") + std::to_string(step.operands[k]);
        line += ")";
        break;
    }
    all += line + "\n";
  }
  for (const Output& output : outputs_) {
    if (!output.reduced) {
      all += "store v" + std::to_string(output.value) + "\n";
      continue;
    }
    all += std::string(reduction_name(output.reduction)) + " v" + std::to_string(output.value) + " over axes (";
    for (std::size_t i = 0; i < output.axes.size(); ++i) all += (i ? ", " : "") + std::to_string(output.axes[i]);
    all += ")\n";
  }
  return all;
}

void Program::encode(Writer& out) const {
  out.put<std::int32_t>(inputs_);
  out.put<std::uint32_t>(static_cast<std::uint32_t>(steps_.size()));
  for (const Step& step : steps_) {
    out.put(step.kind);
    out.put(step.type);
    switch (step.kind) {
      case Step::Kind::input: out.put(step.input); break;
      case Step::Kind::constant: out.raw(step.start.bytes, sizeof step.start.bytes); break;
      case Step::Kind::arange:
        for (const ScalarValue* value : {&step.start, &step.step}) {
          out.put(value->type);
          out.raw(value->bytes, sizeof value->bytes);
        }
        break;
      case Step::Kind::random:
        out.put(step.distribution);
        out.put(step.seed);
        out.put(step.a);
        out.put(step.b);
        break;
      case Step::Kind::apply:
        out.put(step.op);
        out.put(step.compute);
        for (int k = 0; k < 3; ++k) out.put(step.operands[k]);
        break;
      case Step::Kind::call:
        put_descriptor(out, *step.function);
        out.array(step.closure);
        for (Value operand : step.operands) out.put(operand);
        break;
    }
    if (step.kind == Step::Kind::arange || step.kind == Step::Kind::random) {
      out.put(step.index.base);
      out.array(step.index.coefficients);
    }
  }
  out.put<std::uint32_t>(static_cast<std::uint32_t>(outputs_.size()));
  for (const Output& output : outputs_) {
    out.put(output.value);
    out.put(output.reduced);
    out.put(output.reduction);
    out.array(output.axes);
    out.put(output.position.base);
    out.array(output.position.coefficients);
  }
}

Program Program::decode(Reader& in) {
  Program program;
  program.inputs_ = in.get<std::int32_t>();
  const auto steps = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < steps; ++i) {
    Step step;
    step.kind = in.get<Step::Kind>();
    step.type = in.get<DType>();
    switch (step.kind) {
      case Step::Kind::input: step.input = in.get<std::int32_t>(); break;
      case Step::Kind::constant:
        step.start.type = step.type;
        in.raw(step.start.bytes, sizeof step.start.bytes);
        break;
      case Step::Kind::arange:
        for (ScalarValue* value : {&step.start, &step.step}) {
          value->type = in.get<DType>();
          in.raw(value->bytes, sizeof value->bytes);
        }
        break;
      case Step::Kind::random:
        step.distribution = in.get<Distribution>();
        step.seed = in.get<std::uint64_t>();
        step.a = in.get<double>();
        step.b = in.get<double>();
        break;
      case Step::Kind::apply:
        step.op = in.get<Op>();
        step.compute = in.get<DType>();
        for (int k = 0; k < 3; ++k) step.operands[k] = in.get<Value>();
        break;
      case Step::Kind::call:
        step.function = &static_cast<const MapFunction&>(get_descriptor(in));
        step.closure = in.array<std::byte>();
        for (Value& operand : step.operands) operand = in.get<Value>();
        break;
    }
    if (step.kind == Step::Kind::arange || step.kind == Step::Kind::random) {
      step.index.base = in.get<index_t>();
      step.index.coefficients = in.array<index_t>();
    }
    program.steps_.push_back(std::move(step));
  }
  const auto outputs = in.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < outputs; ++i) {
    Output output;
    output.value = in.get<Value>();
    output.reduced = in.get<bool>();
    output.reduction = in.get<Reduction>();
    output.axes = in.array<int>();
    output.position.base = in.get<index_t>();
    output.position.coefficients = in.array<index_t>();
    program.outputs_.push_back(std::move(output));
  }
  return program;
}

}  // namespace ashlar
