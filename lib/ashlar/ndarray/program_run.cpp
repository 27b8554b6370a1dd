// Program::run: one pass over the strips of a chunk. Floating arithmetic runs as chains in registers; other values get scratch strips
// by liveness; inputs that are dense within a strip are read where they lie; a value that is stored is computed right into its block.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/program_chains_detail.hpp"
#include "ashlar/ndarray/program_input_detail.hpp"
#include "ashlar/ndarray/program_reduction_detail.hpp"
#include "ashlar/ndarray/program_steps_detail.hpp"
#include "ashlar/ndarray/program_strips_detail.hpp"

namespace ashlar {

class ProgramRun {
 public:
  ProgramRun(const Program& program, const Shape& shape, std::span<const index_t> origin, std::span<const Block> inputs)
      : program_(program), shape_(shape), origin_(origin), cut_(shape), values_(program.steps_.size()) {
    for (const Program::Output& output : program_.outputs_) add_output(output);
    if (shape_.elements() == 0) return;
    count_uses();
    for (std::size_t v = 0; v < values_.size(); ++v) open_source(static_cast<int>(v), inputs);
    plan_chains();
    find_last_uses();
    for (std::size_t v = 0; v < values_.size(); ++v)
      if (values_[v].uses > 0 && !values_[v].inside_chain) plan_value(static_cast<int>(v));
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
    int uses = 0;                      // operands and outputs that name it
    int last_use = -1;                 // value whose computation reads it last, its own number if only outputs do
    int input = -1;                    // how an input is read
    int source = -1;                   // functions of a linear index
    int chain = -1;                    // chain that ends here
    bool inside_chain = false;         // lives in registers only
    bool needs_strip = false;          // constants and uniform inputs: somebody reads more than one element
    int slot = -1;                     // scratch strip, or
    int stored_in = -1;                // sink whose block holds it, or neither: read in place
    bool slot_stays = false;           // filled once, not for every strip
    std::byte* at = nullptr;           // its strip now
    const std::byte* element = nullptr;  // constants and uniform inputs: the element now, and in the strip if there is one
  };
  struct Source {  // a linear index within the chunk
    index_t base = 0;
    std::vector<index_t> strides;  // per axis of the cut
    std::unique_ptr<StripRuns> runs;
  };
  struct Sink {
    int value = -1;
    Block block;
    std::byte* data = nullptr;
    std::unique_ptr<StripReduction> reduction;
  };
  struct ChainRun {
    ChainPlan plan;
    std::unique_ptr<kernels::ChainRunner> runner;
    bool scalars_change = false;  // from strip to strip
    int sum_sink = -1;  // the reduction that takes the sums
    std::vector<kernels::ChainStage> stages;
    std::vector<kernels::ChainCount> counts;  // one per stage
  };
  struct Instruction {
    int value;
    kernels::Elementwise loop = nullptr;
    int sum_sink = -1;  // the reduction that takes the sums of a chain or a call
    std::vector<int> sinks;
  };
  struct Slot {
    std::int64_t itemsize;
    std::size_t offset = 0;
  };

  const Program::Step& step(int v) const { return program_.steps_[static_cast<std::size_t>(v)]; }
  Value& value(int v) { return values_[static_cast<std::size_t>(v)]; }
  Source& source(int v) { return sources_[static_cast<std::size_t>(value(v).source)]; }

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

  void count_uses() {
    for (const Sink& sink : sinks_) ++value(sink.value).uses;
    for (int v = static_cast<int>(values_.size()) - 1; v >= 0; --v) {
      if (value(v).uses == 0) continue;
      for (int operand : step(v).operands)
        if (operand >= 0) ++value(operand).uses;
    }
  }

  void open_source(int v, std::span<const Block> inputs) {
    if (value(v).uses == 0) return;
    const Program::Step& s = step(v);
    if (s.kind == Kind::input) {
      value(v).input = static_cast<int>(inputs_.size());
      inputs_.push_back(std::make_unique<StripInput>(fitting_input(s, inputs), cut_));
    } else if (s.kind == Kind::arange || s.kind == Kind::random) {
      value(v).source = static_cast<int>(sources_.size());
      sources_.push_back(index_source(s.index));
    }
  }

  Block fitting_input(const Program::Step& s, std::span<const Block> inputs) const {
    const auto number = static_cast<std::size_t>(s.input);
    if (number >= inputs.size())
      throw InternalError("a program wants " + std::to_string(program_.inputs_) + " inputs, found " + std::to_string(inputs.size()));
    if (inputs[number].dtype() != s.type)
      throw InternalError("input " + std::to_string(number) + " of a program: wanted type " + std::string(dtype_name(s.type)) + ", found " +
                          std::string(dtype_name(inputs[number].dtype())));
    try {
      return inputs[number].broadcast_to(shape_);
    } catch (const Error&) {
      throw InternalError("input " + std::to_string(number) + " of a program: wanted shape " + to_string(shape_) + ", found " +
                          to_string(inputs[number].shape()));
    }
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

  StripInput& input(int v) { return *inputs_[static_cast<std::size_t>(value(v).input)]; }
  bool uniform(int v) { return step(v).kind == Kind::constant || (step(v).kind == Kind::input && input(v).way() == StripInput::Way::uniform); }

  /// An arange whose numbers stay exact in double, one run a strip.
  bool countable(int v) {
    if (step(v).kind != Kind::arange || step(v).type != DType::float64 || source(v).runs->runs().size() != 1) return false;
    double most = std::fabs(static_cast<double>(source(v).base));
    for (std::size_t d = 0; d < cut_.axes.size(); ++d)
      most += std::fabs(static_cast<double>(source(v).strides[d])) * static_cast<double>(cut_.axes[d].length);
    return most < 0x1p52;
  }

  /// The reduction that only wants the sums of a value that nobody else wants; -1: none.
  int sum_sink_of(int v) {
    if (value(v).uses == 1 && step(v).type == DType::float64)
      for (std::size_t i = 0; i < sinks_.size(); ++i)
        if (sinks_[i].value == v && sinks_[i].reduction && sinks_[i].reduction->takes_sums()) return static_cast<int>(i);
    return -1;
  }

  void plan_chains() {
    std::vector<ChainFacts> facts(values_.size());
    for (int v = 0; v < static_cast<int>(values_.size()); ++v)
      if (value(v).uses > 0) facts[static_cast<std::size_t>(v)] = {value(v).uses, uniform(v), countable(v)};
    for (ChainPlan& plan : find_chains(program_.steps_, facts)) {
      const int end = plan.end;
      value(end).chain = static_cast<int>(chains_.size());
      for (int v : plan.inside) value(v).inside_chain = true;
      ChainRun run;
      run.plan = std::move(plan);
      run.sum_sink = sum_sink_of(end);
      const bool reads = std::any_of(run.plan.stages.begin(), run.plan.stages.end(), [&](const ChainPlan::Stage& stage) {
        return stage.kept < 0 && stage.operand >= 0 && stage.op != kernels::ChainOp::count && !uniform(stage.operand);
      });
      run.runner = kernels::chain_runner(step(end).type, run.sum_sink >= 0, reads);
      chains_.push_back(std::move(run));
    }
  }

  /// Where a value is read: its own computation, or that of the chain it is part of.
  void find_last_uses() {
    const auto reads = [&](int operand, int reader) {
      if (operand < 0) return;
      value(operand).last_use = std::max(value(operand).last_use, reader);
    };
    for (const Sink& sink : sinks_) reads(sink.value, sink.value);
    for (const ChainRun& chain : chains_)
      for (const ChainPlan::Stage& stage : chain.plan.stages)
        if (stage.op != kernels::ChainOp::count) reads(stage.operand, chain.plan.end);
    for (int v = 0; v < static_cast<int>(values_.size()); ++v) {
      if (value(v).uses == 0 || value(v).chain >= 0 || value(v).inside_chain) continue;
      for (int operand : step(v).operands) {
        reads(operand, v);
        if (operand >= 0) value(operand).needs_strip = true;
      }
    }
    for (const Sink& sink : sinks_) value(sink.value).needs_strip = true;
  }

  int new_slot(std::int64_t size) {
    slots_.push_back({size});
    return static_cast<int>(slots_.size()) - 1;
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

  void release(int v) {
    if (value(v).slot >= 0 && !value(v).slot_stays && std::find(free_slots_.begin(), free_slots_.end(), value(v).slot) == free_slots_.end())
      free_slots_.push_back(value(v).slot);
  }

  void plan_value(int v) {
    const Program::Step& s = step(v);
    Value& result = value(v);
    ChainRun* chain = result.chain >= 0 ? &chains_[static_cast<std::size_t>(result.chain)] : nullptr;
    Instruction instruction{v, nullptr, -1, {}};
    if (chain) instruction.sum_sink = chain->sum_sink;
    else if (s.kind == Kind::call && s.function->sum) instruction.sum_sink = sum_sink_of(v);
    for (int i = 0; i < static_cast<int>(sinks_.size()); ++i) {
      const Sink& sink = sinks_[static_cast<std::size_t>(i)];
      if (sink.value != v || instruction.sum_sink == i) continue;
      // Computed where it is stored, rather than copied there.
      if (!sink.reduction && result.stored_in < 0 && s.kind != Kind::input && s.kind != Kind::constant) result.stored_in = i;
      else instruction.sinks.push_back(i);
    }
    // Operands read here for the last time give their strips to the result.
    const auto last_read = [&](int operand) {
      if (operand >= 0 && value(operand).last_use == v) release(operand);
    };
    if (chain) {
      for (const ChainPlan::Stage& stage : chain->plan.stages) {
        auto operand = kernels::ChainOperand::none;
        const void* at = nullptr;
        if (stage.kept >= 0) {
          operand = kernels::ChainOperand::kept;
          chains_kept_ = std::max(chains_kept_, stage.kept + 1);
        } else if (stage.operand >= 0 && stage.op != kernels::ChainOp::count) {
          operand = uniform(stage.operand) ? kernels::ChainOperand::scalar : kernels::ChainOperand::strip;
          if (operand == kernels::ChainOperand::scalar) at = step(stage.operand).start.bytes;
          if (operand == kernels::ChainOperand::scalar && step(stage.operand).kind != Kind::constant) chain->scalars_change = true;
          last_read(stage.operand);
        }
        chain->stages.push_back({stage.op, operand, at});
      }
    } else if (s.kind == Kind::apply) {
      instruction.loop = s.op == Op::cast ? kernels::cast(step(s.operands[0]).type, s.type) : kernels::elementwise(s.op, s.compute);
      if (!instruction.loop) throw InternalError("no loop for " + std::string(op_name(s.op)) + " of " + std::string(dtype_name(s.compute)));
      for (int operand : s.operands) last_read(operand);
    } else if (s.kind == Kind::call) {
      for (int operand : s.operands) last_read(operand);
    }
    result.slot_stays = uniform(v);
    bool elsewhere = result.stored_in >= 0 || instruction.sum_sink >= 0;
    if (result.slot_stays) elsewhere = !result.needs_strip;
    else if (s.kind == Kind::input) elsewhere = input(v).way() != StripInput::Way::gather;
    if (!elsewhere) result.slot = result.slot_stays ? new_slot(itemsize(s.type)) : take_slot(itemsize(s.type));
    if (result.last_use == v) release(v);  // for outputs only, which are served at once
    if (s.kind == Kind::constant && instruction.sinks.empty()) return;
    instructions_.push_back(std::move(instruction));
  }

  void allocate_strips() {
    std::size_t total = 0;
    for (Slot& slot : slots_) {
      slot.offset = total;
      // Strips that start 4096 bytes apart would be mistaken for each other by the processor's store buffer.
      total += (static_cast<std::size_t>(cut_.elements_max() * slot.itemsize) + 63) / 64 * 64 + 320;
    }
    const std::size_t kept = total;
    strips_ = Buffer::allocate(total + static_cast<std::size_t>(chains_kept_) * kernels::chain_kept_bytes);
    for (ChainRun& chain : chains_) {
      chain.counts.resize(chain.stages.size());
      for (std::size_t i = 0; i < chain.stages.size(); ++i) {
        if (const int slot = chain.plan.stages[i].kept; slot >= 0) chain.stages[i].operand = strips_.data() + kept + static_cast<std::size_t>(slot) * kernels::chain_kept_bytes;
        else if (chain.stages[i].op == kernels::ChainOp::count) chain.stages[i].operand = &chain.counts[i];
      }
    }
    for (std::size_t v = 0; v < values_.size(); ++v) {
      Value& value = values_[v];
      if (value.slot < 0) continue;
      value.at = strips_.data() + slots_[static_cast<std::size_t>(value.slot)].offset;
      const Program::Step& s = program_.steps_[v];
      if (s.kind == Kind::constant) kernels::fill(itemsize(s.type), s.start.bytes, cut_.elements_max(), value.at);
    }
  }

  /// A program that reduces an input as it is.
  bool reduce_input() {
    if (instructions_.size() != 1 || sinks_.size() != 1 || !sinks_[0].reduction) return false;
    const int v = instructions_[0].value;
    if (step(v).kind != Kind::input || sinks_[0].value != v) return false;
    const std::byte* dense = input(v).dense();
    return dense && sinks_[0].reduction->take_all(dense, cut_);
  }

  void run_strips() {
    if (reduce_input() || run_dense_chain() || sum_dense_call()) return;
    for_each_strip([&](index_t start, index_t rows, index_t n) {
      for (const Instruction& instruction : instructions_) execute(instruction, start, rows, n);
    });
  }

  /// body(number of its first element in C order, rows, elements) for every strip, with `coordinates_` of the first element.
  template <class Body>
  void for_each_strip(Body&& body) {
    const std::size_t depth = cut_.axes.empty() ? 0 : cut_.split + 1;
    coordinates_.assign(depth, 0);
    for (index_t start = 0;;) {
      const index_t rows = depth ? std::min(cut_.rows_max, cut_.axes[cut_.split].length - coordinates_[cut_.split]) : 1;
      const index_t n = rows * cut_.row_length;
      body(start, rows, n);
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

  /// A program that is one chain of inputs that lie in C order: what is stored needs no strips, and sums need no more of a strip than where it begins.
  bool run_dense_chain() {
    if (chains_.size() != 1 || sinks_.size() != 1) return false;
    ChainRun& chain = chains_[0];
    const int end = chain.plan.end;
    const bool sums = chain.sum_sink == 0;
    if (chain.scalars_change || !(sums || value(end).stored_in == 0)) return false;
    for (const Instruction& instruction : instructions_)
      if (instruction.value != end && !dense_input(instruction.value)) return false;
    struct Operand {
      std::size_t stage;
      const std::byte* from;
    };
    std::vector<Operand> operands;
    for (std::size_t i = 0; i < chain.stages.size(); ++i) {
      if (chain.stages[i].op == kernels::ChainOp::count) return false;
      if (chain.stages[i].kind != kernels::ChainOperand::strip) continue;
      const int operand = chain.plan.stages[i].operand;
      if (step(operand).kind != Kind::input) return false;
      operands.push_back({i, input(operand).dense()});
      chain.stages[i].operand = operands.back().from;
    }
    kernels::Chain run;
    run.stages = chain.stages;
    if (!sums) {
      run.out = sinks_[0].data;
      chain.runner->run(shape_.elements(), run, false);
      return true;
    }
    const std::int64_t size = itemsize(step(end).type);
    for_each_strip([&](index_t start, index_t rows, index_t n) {
      for (const Operand& operand : operands) chain.stages[operand.stage].operand = operand.from + start * size;
      sinks_[0].reduction->take_sum(chain.runner->run(n, run, false), rows, coordinates_);
    });
    return true;
  }

  /// A program that sums a user's function of inputs that lie in C order: many strips a call.
  bool sum_dense_call() {
    if (sinks_.size() != 1 || instructions_.back().sum_sink != 0 || step(instructions_.back().value).kind != Kind::call) return false;
    const Program::Step& s = step(instructions_.back().value);
    for (std::size_t i = 0; i + 1 < instructions_.size(); ++i)
      if (!dense_input(instructions_[i].value)) return false;
    const void* from[map_operands_max] = {};
    for (int k = 0; k < map_operands_max && s.operands[k] >= 0; ++k) {
      if (!dense_input(s.operands[k])) return false;
      from[k] = input(s.operands[k]).dense();
    }
    constexpr index_t together = 64;
    double sums[together];
    const index_t strip = cut_.elements_max();
    index_t next = 0, known = 0;
    for_each_strip([&](index_t start, index_t rows, index_t) {
      if (next == known) {
        const index_t in_line = coordinates_.empty() ? shape_.elements() : (cut_.axes[cut_.split].length - coordinates_[cut_.split]) * cut_.row_length;
        const index_t n = std::min(in_line, together * strip);
        const void* operands[map_operands_max] = {};
        for (int k = 0; k < map_operands_max && s.operands[k] >= 0; ++k)
          operands[k] = static_cast<const std::byte*>(from[k]) + start * itemsize(step(s.operands[k]).type);
        s.function->sum(s.closure, n, operands, strip, sums);
        next = 0, known = (n + strip - 1) / strip;
      }
      sinks_[0].reduction->take_sum(sums[next++], rows, coordinates_);
    });
    return true;
  }

  bool dense_input(int v) { return step(v).kind == Kind::input && input(v).way() == StripInput::Way::in_place && input(v).dense(); }

  index_t offset_of(const Source& source) const {
    index_t offset = 0;
    for (std::size_t d = 0; d < coordinates_.size(); ++d) offset += coordinates_[d] * source.strides[d];
    return offset;
  }

  const std::byte* operand(int v) const { return v < 0 ? nullptr : values_[static_cast<std::size_t>(v)].at; }

  void execute(const Instruction& instruction, index_t start, index_t rows, index_t n) {
    const int v = instruction.value;
    const Program::Step& s = step(v);
    Value& result = value(v);
    const std::int64_t size = itemsize(s.type);
    if (result.stored_in >= 0) result.at = sinks_[static_cast<std::size_t>(result.stored_in)].data + start * size;
    if (result.chain >= 0) {
      run_chain(chains_[static_cast<std::size_t>(result.chain)], result, rows, n);
    } else if (s.kind == Kind::apply) {
      instruction.loop(n, result.at, operand(s.operands[0]), operand(s.operands[1]), operand(s.operands[2]));
    } else if (s.kind == Kind::call) {
      const void* operands[map_operands_max];
      for (int k = 0; k < map_operands_max; ++k) operands[k] = operand(s.operands[k]);
      if (instruction.sum_sink >= 0) {
        double sum = 0;
        s.function->sum(s.closure, n, operands, n, &sum);
        sinks_[static_cast<std::size_t>(instruction.sum_sink)].reduction->take_sum(sum, rows, coordinates_);
      } else {
        s.function->call(s.closure, n, result.at, operands);
      }
    } else if (s.kind == Kind::input) {
      load(v, start, rows);
    } else if (s.kind == Kind::arange) {
      const index_t first = source(v).base + offset_of(source(v));
      source(v).runs->for_each(rows, [&](index_t to, index_t offset, index_t length, index_t stride) {
        kernels::arange(s.type, s.start, s.step, first + offset, stride, length, result.at + to * size);
      });
    } else if (s.kind == Kind::random) {
      const index_t first = source(v).base + offset_of(source(v));
      const kernels::RandomSource random{s.distribution, s.seed, s.a, s.b};
      source(v).runs->for_each(rows, [&](index_t to, index_t offset, index_t length, index_t stride) {
        kernels::random(s.type, random, first + offset, stride, length, result.at + to * size);
      });
    }
    for (int i : instruction.sinks) {
      Sink& sink = sinks_[static_cast<std::size_t>(i)];
      if (sink.reduction) sink.reduction->take(result.at, rows, coordinates_);
      else std::memcpy(sink.data + start * size, result.at, static_cast<std::size_t>(n * size));
    }
  }

  void run_chain(ChainRun& chain, Value& result, index_t rows, index_t n) {
    for (std::size_t i = 0; i < chain.stages.size(); ++i) {
      kernels::ChainStage& stage = chain.stages[i];
      const int operand = chain.plan.stages[i].operand;
      if (operand < 0) continue;
      if (stage.op == kernels::ChainOp::count) {
        const Program::Step& s = step(operand);
        Source& numbers = source(operand);
        chain.counts[i] = {s.start.as<double>(), s.step.as<double>(), static_cast<double>(numbers.base + offset_of(numbers)),
                           static_cast<double>(numbers.runs->runs()[0].stride)};
      } else if (stage.kind == kernels::ChainOperand::strip) {
        stage.operand = value(operand).at;
      } else if (step(operand).kind != Kind::constant) {
        stage.operand = value(operand).element;
      }
    }
    kernels::Chain run;
    run.stages = chain.stages;
    run.out = chain.sum_sink >= 0 ? nullptr : result.at;
    const double sum = chain.runner->run(n, run, chain.scalars_change);
    if (chain.sum_sink >= 0) sinks_[static_cast<std::size_t>(chain.sum_sink)].reduction->take_sum(sum, rows, coordinates_);
  }

  void load(int v, index_t start, index_t rows) {
    Value& result = value(v);
    const std::byte* from = input(v).load(coordinates_, start, rows, result.at);
    if (!uniform(v)) {
      result.at = const_cast<std::byte*>(from);  // written only where it is the value's own strip
      return;
    }
    const std::int64_t size = itemsize(step(v).type);
    if (result.slot >= 0 && from != result.element) kernels::fill(size, from, cut_.elements_max(), result.at);
    result.element = from;
  }

  const Program& program_;
  const Shape& shape_;
  std::span<const index_t> origin_;
  StripCut cut_;
  std::vector<Value> values_;
  std::vector<std::unique_ptr<StripInput>> inputs_;
  std::vector<Source> sources_;
  std::vector<Sink> sinks_;
  std::vector<ChainRun> chains_;
  int chains_kept_ = 0;  // blocks that chains put aside, at most
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
