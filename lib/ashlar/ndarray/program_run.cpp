// Program::run: one pass over the strips of a chunk. Values get scratch strips by liveness; inputs that are dense within a strip are
// read where they lie; a value that is only stored is computed right into its block.

#include <cstring>
#include <memory>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels.hpp"
#include "ashlar/ndarray/program_reduction.hpp"
#include "ashlar/ndarray/program_steps.hpp"
#include "ashlar/ndarray/program_strips.hpp"
#include "ashlar/ndarray/strided_copy.hpp"

namespace ashlar {

class ProgramRun {
 public:
  ProgramRun(const Program& program, const Shape& shape, std::span<const index_t> origin, std::span<const Block> inputs)
      : program_(program), shape_(shape), origin_(origin), cut_(shape), values_(program.steps_.size()) {
    find_uses();
    for (const Program::Output& output : program_.outputs_) add_output(output);
    if (shape_.elements() == 0) return;
    for (std::size_t v = 0; v < values_.size(); ++v)
      if (values_[v].last_use >= 0) plan_value(static_cast<int>(v), inputs);
    allocate_strips();
  }

  std::vector<Block> run() {
    if (shape_.elements() > 0) run_strips();
    std::vector<Block> blocks;
    for (Sink& sink : sinks_) {
      if (!sink.reduction) {
        blocks.push_back(std::move(sink.block));
        continue;
      }
      for (Block& block : sink.reduction->finish()) blocks.push_back(std::move(block));
    }
    return blocks;
  }

 private:
  using Kind = Program::Step::Kind;

  struct Value {
    int last_use = -1;                 // step that reads it last, its own number if only outputs do; -1: nobody
    int slot = -1;                     // scratch strip, or
    bool slot_stays = false;           // filled once, not for every strip
    int stored_in = -1;                // sink whose block holds it, or neither: read in place
    std::byte* at = nullptr;           // its strip now
  };
  struct Source {  // an input, or a function of a linear index
    const std::byte* data = nullptr;   // input
    index_t base = 0;                  // linear index
    std::vector<index_t> strides;      // per axis of the cut
    std::unique_ptr<StripRuns> runs;
    index_t held = -1;                 // uniform inputs: offset of the element the strip is filled with
    Block keep_alive;
  };
  struct Sink {
    int value = -1;
    Block block;
    std::byte* data = nullptr;
    std::unique_ptr<StripReduction> reduction;
  };
  struct Instruction {
    int value;
    kernels::Elementwise loop = nullptr;
    int source = -1;
    std::vector<int> sinks;
  };
  struct Slot {
    std::int64_t itemsize;
    std::size_t offset = 0;
  };

  const Program::Step& step(int value) const { return program_.steps_[static_cast<std::size_t>(value)]; }
  Value& value(int v) { return values_[static_cast<std::size_t>(v)]; }

  void find_uses() {
    for (const Program::Output& output : program_.outputs_) value(output.value).last_use = output.value;
    for (int v = static_cast<int>(values_.size()) - 1; v >= 0; --v) {
      if (value(v).last_use < 0) continue;
      for (int operand : step(v).operands)
        if (operand >= 0) value(operand).last_use = std::max(value(operand).last_use, v);
    }
  }

  void add_output(const Program::Output& output) {
    Sink sink;
    sink.value = output.value;
    const DType type = step(output.value).type;
    if (output.reduced) {
      sink.reduction = std::make_unique<StripReduction>(output.reduction, type, output.axes, output.position, cut_, shape_, origin_);
    } else {
      sink.block = Block::allocate(type, shape_);
      sink.data = sink.block.make_writable();
    }
    sinks_.push_back(std::move(sink));
  }

  int take_slot(std::int64_t size) {
    for (std::size_t i = free_slots_.size(); i-- > 0;)
      if (slots_[static_cast<std::size_t>(free_slots_[i])].itemsize == size) {
        const int slot = free_slots_[i];
        free_slots_.erase(free_slots_.begin() + static_cast<std::ptrdiff_t>(i));
        return slot;
      }
    return new_slot(size);
  }

  int new_slot(std::int64_t size) {
    slots_.push_back({size});
    return static_cast<int>(slots_.size()) - 1;
  }

  Source input_source(int v, std::span<const Block> inputs) {
    const auto number = static_cast<std::size_t>(step(v).input);
    if (number >= inputs.size())
      throw InternalError("a program wants " + std::to_string(program_.inputs_) + " inputs, found " + std::to_string(inputs.size()));
    if (inputs[number].dtype() != step(v).type)
      throw InternalError("input " + std::to_string(number) + " of a program: wanted type " + std::string(dtype_name(step(v).type)) + ", found " +
                          std::string(dtype_name(inputs[number].dtype())));
    Source source;
    try {
      source.keep_alive = inputs[number].broadcast_to(shape_);
    } catch (const Error&) {
      throw InternalError("input " + std::to_string(number) + " of a program: wanted shape " + to_string(shape_) + ", found " +
                          to_string(inputs[number].shape()));
    }
    source.data = source.keep_alive.data();
    for (const StripCut::Axis& axis : cut_.axes) source.strides.push_back(source.keep_alive.strides()[static_cast<std::size_t>(axis.original)]);
    source.runs = std::make_unique<StripRuns>(cut_, source.strides);
    return source;
  }

  Source index_source(const LinearIndex& index) const {
    Source source;
    source.base = index.base;
    for (std::size_t d = 0; d < index.coefficients.size() && d < origin_.size(); ++d) source.base += index.coefficients[d] * origin_[d];
    for (const StripCut::Axis& axis : cut_.axes) {
      const auto d = static_cast<std::size_t>(axis.original);
      source.strides.push_back(d < index.coefficients.size() ? index.coefficients[d] : 0);
    }
    source.runs = std::make_unique<StripRuns>(cut_, source.strides);
    return source;
  }

  void plan_value(int v, std::span<const Block> inputs) {
    const Program::Step& s = step(v);
    Instruction instruction{v, nullptr, -1, {}};
    for (std::size_t i = 0; i < sinks_.size(); ++i)
      if (sinks_[i].value == v) {
        // Computed where it is stored, rather than copied there.
        if (!sinks_[i].reduction && value(v).stored_in < 0 && s.kind != Kind::input && s.kind != Kind::constant) value(v).stored_in = static_cast<int>(i);
        else instruction.sinks.push_back(static_cast<int>(i));
      }
    const std::int64_t size = itemsize(s.type);
    switch (s.kind) {
      case Kind::constant: break;
      case Kind::input: sources_.push_back(input_source(v, inputs)); break;
      case Kind::arange:
      case Kind::random: sources_.push_back(index_source(s.index)); break;
      case Kind::apply:
        instruction.loop = s.op == Op::cast ? kernels::cast(step(s.operands[0]).type, s.type) : kernels::elementwise(s.op, s.compute);
        if (!instruction.loop) throw InternalError("no loop for " + std::string(op_name(s.op)) + " of " + std::string(dtype_name(s.compute)));
        // Operands read here for the last time give their strips to the result.
        for (int i = 0; i < 3; ++i)
          if (const int operand = s.operands[i]; operand >= 0 && value(operand).last_use == v) release(operand);
        break;
    }
    if (s.kind != Kind::constant && s.kind != Kind::apply) instruction.source = static_cast<int>(sources_.size()) - 1;
    const bool in_place = s.kind == Kind::input && sources_.back().runs->dense();
    const bool filled_once = s.kind == Kind::constant || (s.kind == Kind::input && sources_.back().runs->uniform());
    if (!in_place && value(v).stored_in < 0) value(v).slot = filled_once ? new_slot(size) : take_slot(size);
    value(v).slot_stays = filled_once;
    if (value(v).last_use == v) release(v);  // for outputs only, which are served at once
    instructions_.push_back(std::move(instruction));
  }

  void release(int v) {
    if (value(v).slot >= 0 && !value(v).slot_stays && std::find(free_slots_.begin(), free_slots_.end(), value(v).slot) == free_slots_.end())
      free_slots_.push_back(value(v).slot);
  }

  void allocate_strips() {
    std::size_t total = 0;
    for (Slot& slot : slots_) {
      slot.offset = total;
      // Strips that start 4096 bytes apart would be mistaken for each other by the processor's store buffer.
      total += (static_cast<std::size_t>(cut_.elements_max() * slot.itemsize) + 63) / 64 * 64 + 320;
    }
    strips_ = Buffer::allocate(total);
    for (std::size_t v = 0; v < values_.size(); ++v) {
      Value& value = values_[v];
      if (value.slot >= 0) value.at = strips_.data() + slots_[static_cast<std::size_t>(value.slot)].offset;
      if (value.slot >= 0 && program_.steps_[v].kind == Kind::constant)
        kernels::fill(itemsize(program_.steps_[v].type), program_.steps_[v].start.bytes, cut_.elements_max(), value.at);
    }
  }

  void run_strips() {
    const std::size_t depth = cut_.axes.empty() ? 0 : cut_.split + 1;
    coordinates_.assign(depth, 0);
    for (index_t start = 0;;) {
      const index_t rows = depth ? std::min(cut_.rows_max, cut_.axes[cut_.split].length - coordinates_[cut_.split]) : 1;
      const index_t n = rows * cut_.row_length;
      for (const Instruction& instruction : instructions_) execute(instruction, start, rows, n);
      start += n;
      // The next strip in C order.
      std::size_t d = depth;
      for (;; --d) {
        if (d == 0) return;
        index_t& c = coordinates_[d - 1];
        c += d == depth ? rows : 1;
        if (c < cut_.axes[d - 1].length) break;
        c = 0;
      }
    }
  }

  index_t offset_of(const Source& source) const {
    index_t offset = 0;
    for (std::size_t d = 0; d < coordinates_.size(); ++d) offset += coordinates_[d] * source.strides[d];
    return offset;
  }

  const std::byte* operand(int v) const { return v < 0 ? nullptr : values_[static_cast<std::size_t>(v)].at; }

  void execute(const Instruction& instruction, index_t start, index_t rows, index_t n) {
    const Program::Step& s = step(instruction.value);
    Value& result = value(instruction.value);
    if (result.stored_in >= 0) result.at = sinks_[static_cast<std::size_t>(result.stored_in)].data + start * itemsize(s.type);
    switch (s.kind) {
      case Kind::constant: break;
      case Kind::input: load(sources_[static_cast<std::size_t>(instruction.source)], itemsize(s.type), result, rows); break;
      case Kind::arange: {
        const Source& source = sources_[static_cast<std::size_t>(instruction.source)];
        const index_t first = source.base + offset_of(source);
        source.runs->for_each(rows, [&](index_t to, index_t offset, index_t length, index_t stride) {
          kernels::arange(s.type, s.start, s.step, first + offset, stride, length, result.at + to * itemsize(s.type));
        });
        break;
      }
      case Kind::random: {
        const Source& source = sources_[static_cast<std::size_t>(instruction.source)];
        const index_t first = source.base + offset_of(source);
        const kernels::RandomSource random{s.distribution, s.seed, s.a, s.b};
        source.runs->for_each(rows, [&](index_t to, index_t offset, index_t length, index_t stride) {
          kernels::random(s.type, random, first + offset, stride, length, result.at + to * itemsize(s.type));
        });
        break;
      }
      case Kind::apply: instruction.loop(n, result.at, operand(s.operands[0]), operand(s.operands[1]), operand(s.operands[2])); break;
    }
    for (int i : instruction.sinks) {
      Sink& sink = sinks_[static_cast<std::size_t>(i)];
      if (sink.reduction) sink.reduction->take(result.at, rows, coordinates_);
      else std::memcpy(sink.data + start * itemsize(s.type), result.at, static_cast<std::size_t>(n * itemsize(s.type)));
    }
  }

  void load(Source& source, std::int64_t size, Value& result, index_t rows) {
    const index_t offset = offset_of(source);
    const std::byte* from = source.data + offset * size;
    if (source.runs->dense()) {
      result.at = const_cast<std::byte*>(from);  // never written: it has no slot
    } else if (source.runs->uniform()) {
      if (source.held != offset) kernels::fill(size, from, cut_.elements_max(), result.at);
      source.held = offset;
    } else {
      source.runs->for_each(rows, [&](index_t to, index_t skip, index_t length, index_t stride) {
        kernels::gather(size, from + skip * size, stride, length, result.at + to * size);
      });
    }
  }

  const Program& program_;
  const Shape& shape_;
  std::span<const index_t> origin_;
  StripCut cut_;
  std::vector<Value> values_;
  std::vector<Source> sources_;
  std::vector<Sink> sinks_;
  std::vector<Instruction> instructions_;
  std::vector<Slot> slots_;
  std::vector<int> free_slots_;
  Buffer strips_;
  std::vector<index_t> coordinates_;
};

std::vector<Block> Program::run(const Shape& shape, std::span<const index_t> origin, std::span<const Block> inputs) const {
  return ProgramRun(*this, shape, origin, inputs).run();
}

}  // namespace ashlar
