#include "ashlar/delayed/call.hpp"

#include <mutex>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>
#include <new>
#include <utility>

#include "ashlar/base/error.hpp"

namespace ashlar::detail {
namespace {

std::string hexadecimal(XXH128_hash_t hash) {
  char text[40];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64), static_cast<unsigned long long>(hash.low64));
  return text;
}

// A number for a result that no later one gets, though it may lie at the same address. Asked for by calls with a key only.
std::uint64_t serial_of(const ResultHandle& result) {
  struct Seen {
    std::weak_ptr<Result> result;
    std::uint64_t serial;
  };
  static std::mutex mutex;
  static auto* seen = new std::unordered_map<const Result*, Seen>;
  static std::size_t limit = 64;
  std::lock_guard lock(mutex);
  if (seen->size() > limit) {
    std::erase_if(*seen, [](const auto& entry) { return entry.second.result.expired(); });
    limit = 2 * seen->size() + 64;
  }
  Seen& entry = (*seen)[result.get()];
  if (entry.result.expired()) entry = {result, next_serial()};
  return entry.serial;
}

// What function and arguments come to: equal for calls that do the same.
std::string token_of(const CallDescriptor& call, const Writer& literals, const std::vector<NodePtr>& inputs) {
  Writer all;
  all.put(reference_to(call));  // two lambdas of one function have one name
  all.array(literals.head());
  for (const Buffer& buffer : literals.buffers()) all.put(XXH3_128bits(buffer.data(), buffer.size()));
  for (const NodePtr& input : inputs) {
    const Node& node = *input.get();
    all.put(node.kind);
    switch (node.kind) {
      case Node::Kind::call: {
        const auto& made = static_cast<const CallNode&>(node);
        all.text(key_of(made));
        all.text(made.extras() ? made.extras()->token : std::string());
        break;
      }
      case Node::Kind::result: all.put(serial_of(static_cast<const ResultNode&>(node).result)); break;
      case Node::Kind::source: all.put(static_cast<const SourceNode&>(node).serial); break;
    }
  }
  return hexadecimal(XXH3_128bits(all.head().data(), all.head().size()));
}

}  // namespace

CallWriter::Scratch& CallWriter::of_this_thread() {
  thread_local Scratch scratch;
  return scratch;
}

CallWriter::CallWriter() : scratch_(&of_this_thread()) {
  if (scratch_->busy) {
    own_ = std::make_unique<Scratch>();
    scratch_ = own_.get();
  }
  scratch_->busy = true;
}

CallWriter::~CallWriter() {
  if (scratch_->literals.size() > (1 << 20)) scratch_->literals = Writer();  // one large call should not hold its memory for ever
  scratch_->literals.clear();
  scratch_->inputs.clear();
  scratch_->kept.clear();
  scratch_->busy = false;
}

void CallWriter::input(const NodePtr& node) {
  if (!node) throw ValueError("an argument of a task is a Delayed or a Future that was never given a value");
  scratch_->inputs.push_back(node);
}

NodePtr CallWriter::finish(const CallDescriptor& call, const std::string* name, const TaskOptions* options) {
  const Writer& literals = scratch_->literals;
  std::vector<NodePtr>& inputs = scratch_->inputs;
  std::unique_ptr<CallExtras> extras;
  if (!literals.buffers().empty()) {
    extras = std::make_unique<CallExtras>();
    extras->buffers = literals.buffers();
  }
  if (!scratch_->kept.empty()) {
    if (!extras) extras = std::make_unique<CallExtras>();
    extras->kept = scratch_->kept;
  }
  if (options && (options->pure || !options->key.empty())) {
    if (!extras) extras = std::make_unique<CallExtras>();
    extras->token = token_of(call, literals, inputs);
    extras->key = options->key.empty() ? *name + "-" + extras->token : options->key;
  }
  if (options)
    if (auto annotations = annotations_of(*options)) {
      if (!extras) extras = std::make_unique<CallExtras>();
      extras->annotations = std::move(annotations);
    }
  if (literals.size() > UINT32_MAX)
    throw ValueError("the arguments of a call of " + *name + " take " + std::to_string(literals.size()) + " bytes, the limit is 4 GiB: scatter large values and pass the future");

  void* memory = ::operator new(sizeof(CallNode) + inputs.size() * sizeof(Node*) + (extras ? sizeof(CallExtras*) : 0) + literals.size());
  auto* node = new (memory) CallNode;
  node->call = &call;
  node->name = name;
  node->input_count = static_cast<std::uint32_t>(inputs.size());
  node->has_extras = extras != nullptr;
  if (extras) *node->extras_place() = extras.release();
  node->payload_size = static_cast<std::uint32_t>(literals.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    node->has_sources |= inputs[i].get()->kind == Node::Kind::source;
    node->inputs()[i] = inputs[i].detach();
  }
  if (literals.size() > 0) std::memcpy(node->payload(), literals.head().data(), literals.size());
  return NodePtr::adopt(node);
}

Object& CallReader::input() {
  if (next == inputs.size()) throw InternalError("a call has too few inputs: " + std::to_string(inputs.size()));
  return inputs[next++];
}

std::span<Object> CallReader::take_inputs(std::size_t n) {
  if (inputs.size() - next < n)
    throw InternalError("a call has too few inputs: wanted " + std::to_string(n) + " from " + std::to_string(next) + " on, there are " + std::to_string(inputs.size()));
  next += n;
  return inputs.subspan(next - n, n);
}

std::uint32_t CallOperation::number_of(const CallDescriptor& call) {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].call.load(std::memory_order_relaxed) == &call) return static_cast<std::uint32_t>(i);
  entries_.emplace_back(reference_to(call), &call);
  return static_cast<std::uint32_t>(entries_.size()) - 1;
}

void CallOperation::encode(Writer& out) const {
  out.put<std::uint64_t>(entries_.size());
  for (const Entry& entry : entries_) out.put(entry.reference);
}

std::shared_ptr<const CallOperation> CallOperation::decode(Reader& in) {
  auto operation = std::make_shared<CallOperation>();
  const auto n = in.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < n; ++i) operation->entries_.emplace_back(in.get<DescriptorRef>(), nullptr);
  return operation;
}

Object CallOperation::run(TaskInput& task) const {
  CallReader from{Reader(task.payload, task.buffers), task.inputs};
  const Entry& entry = entries_.at(from.literals.get<std::uint32_t>());
  const CallDescriptor* call = entry.call.load(std::memory_order_acquire);
  if (!call) {
    call = static_cast<const CallDescriptor*>(&resolve(entry.reference));
    entry.call.store(call, std::memory_order_release);
  }
  return call->run(from);
}

namespace {

// The operation of layers that call one function only: made once per function, so that the thousandth `submit` of a function does
// not tell the workers anew how to call it.
std::shared_ptr<CallOperation> operation_of(const CallDescriptor& call) {
  static std::mutex mutex;
  static auto* operations = new std::unordered_map<const CallDescriptor*, std::shared_ptr<CallOperation>>;
  std::lock_guard lock(mutex);
  auto& operation = (*operations)[&call];
  if (!operation) {
    operation = std::make_shared<CallOperation>();
    operation->number_of(call);
  }
  return operation;
}

}  // namespace

CallLayer::CallLayer(const std::string& name) : Layer(name) {}

std::int64_t CallLayer::add(const CallNode& call) {
  if (!operation_) {
    last_call_ = call.call;
    last_number_ = 0;
    operation_ = operation_of(*call.call);
  } else if (call.call != last_call_) {
    if (!std::exchange(several_, true)) {
      operation_ = std::make_shared<CallOperation>();
      operation_->number_of(*last_call_);  // so far they all called this one
    }
    last_call_ = call.call;
    last_number_ = operation_->number_of(*call.call);
  }
  payloads_.insert(payloads_.end(), call.payload(), call.payload() + call.payload_size);
  if (refs_.size() > UINT32_MAX) throw ValueError("calls of " + name() + " have more than 4,294,967,295 inputs in one graph");
  if (payloads_.size() >= payloads_max) throw ValueError("the arguments of the calls of " + name() + " in one graph take more than 1 TiB: scatter large values and pass the futures");
  if (last_number_ >= functions_max) throw ValueError("one graph calls more than 16,777,216 functions of the name " + name());
  if (!refs_.empty()) {
    refs_end_.resize(tasks_.size());  // those before the first with an input have none
    refs_end_.push_back(static_cast<std::uint32_t>(refs_.size()));
  }
  tasks_.push_back({call.serial, payloads_.size(), last_number_});
  if (const CallExtras* extras = call.extras()) {
    if (!extras_) extras_ = std::make_unique<std::unordered_map<std::int64_t, CallExtras>>();
    extras_->emplace(size() - 1, *extras);
    annotated_ |= extras->annotations != nullptr;
  }
  return size() - 1;
}

std::int64_t CallLayer::join(const CallLayer& other) {
  payloads_.insert(payloads_.end(), other.payloads_.begin(), other.payloads_.end());
  Task task = other.tasks_.front();
  task.payload_end = payloads_.size();
  tasks_.push_back(task);
  return size() - 1;
}

void CallLayer::no_more_calls() {
  tasks_.shrink_to_fit();
  payloads_.shrink_to_fit();
}

void CallLayer::dependencies(std::int64_t index, std::vector<TaskRef>& out) const {
  if (refs_.empty()) return;
  const auto i = static_cast<std::size_t>(index);
  const std::uint32_t first = index == 0 ? 0 : refs_end_.at(i - 1);
  out.insert(out.end(), refs_.begin() + static_cast<std::ptrdiff_t>(first), refs_.begin() + static_cast<std::ptrdiff_t>(refs_end_.at(i)));
}

void CallLayer::encode_task(std::int64_t index, Writer& out) const {
  const Task& t = task(index);
  out.put<std::uint32_t>(t.call);
  const std::uint64_t begin = index == 0 ? 0 : task(index - 1).payload_end;
  out.raw(payloads_.data() + begin, t.payload_end - begin);
  if (const CallExtras* extras = this->extras(index))
    for (const Buffer& buffer : extras->buffers) out.buffer(buffer);
}

const CallExtras* CallLayer::extras(std::int64_t index) const {
  if (!extras_) return nullptr;
  const auto it = extras_->find(index);
  return it == extras_->end() ? nullptr : &it->second;
}

const Annotations* CallLayer::annotations(std::int64_t index) const {
  const CallExtras* extras = this->extras(index);
  return extras ? extras->annotations.get() : nullptr;
}

void CallLayer::kept(std::vector<ResultHandle>& out) const {
  if (!extras_) return;
  for (const auto& [index, extras] : *extras_) out.insert(out.end(), extras.kept.begin(), extras.kept.end());
}

std::string CallLayer::key(std::int64_t index) const {
  if (const CallExtras* extras = this->extras(index); extras && !extras->key.empty()) return extras->key;
  return name() + "-" + std::to_string(task(index).serial);
}

}  // namespace ashlar::detail
