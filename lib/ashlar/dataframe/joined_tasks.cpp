#include "ashlar/dataframe/joined_tasks.hpp"

#include <algorithm>
#include <numeric>

#include "ashlar/base/bytes.hpp"
#include "ashlar/dataframe/plan.hpp"
#include "ashlar/graph/run_here.hpp"

namespace ashlar::dataframe {
namespace {

// What a task needs beyond its operation, as bytes and the buffers beside them.
void put_payload(const Layer& layer, std::int64_t index, Writer& out) {
  Writer own;
  layer.encode_task(index, own);
  const Parcel parcel = std::move(own).take();
  if (!parcel.buffers.empty()) throw InternalError("tasks that bring buffers along were joined: " + layer.name());
  out.array(Bytes(parcel.head.begin(), parcel.head.end()));
}

class JoinedOperation final : public OperationOf<JoinedOperation> {
 public:
  JoinedOperation(std::shared_ptr<const Operation> source, std::shared_ptr<const Operation> program, std::shared_ptr<const Operation> joining)
      : source_(std::move(source)), program_(std::move(program)), joining_(std::move(joining)) {}
  void encode(Writer& out) const override {
    encode_operation(out, *source_);
    out.put<bool>(program_ != nullptr);
    if (program_) encode_operation(out, *program_);
    encode_operation(out, *joining_);
  }
  static std::shared_ptr<const JoinedOperation> decode(Reader& in) {
    auto source = decode_operation(in);
    auto program = in.get<bool>() ? decode_operation(in) : nullptr;
    return std::make_shared<JoinedOperation>(std::move(source), std::move(program), decode_operation(in));
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    TaskInput all = beside(task);
    const Bytes payload = in.array<std::byte>();
    all.payload = payload;
    const auto parts = in.get<std::int64_t>();
    for (std::int64_t i = 0; i < parts; ++i) {
      TaskInput one = beside(task);
      one.index = in.get<std::int64_t>();
      const Bytes of_one = in.array<std::byte>();
      one.payload = of_one;
      Object made = source_->run(one);
      if (program_) {
        TaskInput next = beside(task);
        next.index = one.index;
        next.inputs.push_back(std::move(made));
        made = program_->run(next);
      }
      all.inputs.push_back(std::move(made));
    }
    return joining_->run(all);
  }

 private:
  static TaskInput beside(const TaskInput& task) {
    TaskInput out;
    out.index = task.index;
    out.key = task.key;
    out.rank = task.rank;
    return out;
  }

  std::shared_ptr<const Operation> source_, program_, joining_;
};

// What `explain` says of joined tasks: what their source says, and how many of its partitions there are.
struct JoinedNote {
  std::function<std::string()> of_source;
  std::int64_t partitions;
  std::string operator()() const { return (of_source ? of_source() + "; " : std::string()) + std::to_string(partitions) + " small partitions"; }
};

// `made` with neighbours joined, when it is made partition by partition of one source, of which nobody else needs anything, and that is small.
PlanPtr fewer_of(const PlanPtr& made, const PlanGraph& graph, Replacements& plan) {
  if (graph.roots.contains(made.get()) || graph.consumers_of(made).size() != 1) return nullptr;
  // All nodes of the program, down to one node that is no step.
  PlanPtr source;
  std::set<const PlanNode*> inside{made.get()};
  std::vector<PlanPtr> open{made};
  while (!open.empty()) {
    const PlanPtr node = open.back();
    open.pop_back();
    const auto* step = dynamic_cast<const StepNode*>(node.get());
    if (!step) {
      if (source || !dynamic_cast<const LayerNode*>(node.get())) return nullptr;
      source = node;
      continue;
    }
    for (std::size_t k = 0; k < node->inputs.size(); ++k) {
      const PlanPtr& input = plan.at(node->inputs[k]);
      if (graph.needs(*node, k) && inside.insert(input.get()).second) open.push_back(input);
    }
  }
  if (!source || source->npartitions != made->npartitions || !source->inputs.empty()) return nullptr;
  for (const PlanNode* node : inside)
    if (node != made.get() && graph.roots.contains(node)) return nullptr;
  for (const PlanPtr& user : graph.consumers_of(source))
    if (!inside.contains(user.get())) return nullptr;
  const auto work = dynamic_cast<const LayerNode&>(*source).work_bytes(source->columns());
  const std::int64_t all = std::accumulate(work.begin(), work.end(), std::int64_t{0}), parts = std::max<std::int64_t>(1, (all + joined_bytes - 1) / joined_bytes);
  return work.empty() || parts > made->npartitions / 2 ? nullptr : repartition(made, parts);
}

}  // namespace

void join_before_exchanges(const std::vector<PlanPtr>& roots, Replacements& plan) {
  const PlanGraph graph(roots, plan);
  const auto sole = [&](const PlanPtr& node) { return graph.consumers_of(plan.at(node)).size() == 1 && !graph.roots.contains(plan.at(node).get()); };
  for (const PlanPtr& node : graph.order) {
    const auto* layer = dynamic_cast<const LayerNode*>(node.get());
    if (!layer) continue;
    const PlanPtr joined = layer->over_fewer([&](const PlanPtr& input) { return fewer_of(plan.at(input), graph, plan); }, sole);
    if (joined && !layer->hands_out_pieces() && joined->npartitions == node->npartitions) plan.put(node, joined);
  }
}

std::shared_ptr<const Layer> joined_tasks(const std::shared_ptr<const Layer>& source, const std::shared_ptr<const Layer>& program, const std::shared_ptr<const Layer>& joining) {
  auto out = std::make_shared<PlanLayer>(source->name() + (program ? "-" + program->name() : "") + "-" + joining->name(), joining->size(),
                                         std::make_shared<JoinedOperation>(source->operation(), program ? program->operation() : nullptr, joining->operation()),
                                         PlanLayer::Inputs(), [source, joining](std::int64_t index, Writer& to) {
                                           put_payload(*joining, index, to);
                                           std::vector<TaskRef> parts;
                                           joining->dependencies(index, parts);
                                           to.put(static_cast<std::int64_t>(parts.size()));
                                           for (const TaskRef& part : parts) {
                                             to.put(part.index);
                                             put_payload(*source, part.index, to);
                                           }
                                         });
  const auto* of_plan = dynamic_cast<const PlanLayer*>(source.get());
  const JoinedNote* joined = of_plan ? of_plan->note.target<JoinedNote>() : nullptr;
  out->note = joined ? *joined : JoinedNote{of_plan ? of_plan->note : nullptr, source->size()};
  return out;
}

}  // namespace ashlar::dataframe
