// Results that erred are run again: their tasks are submitted anew, and the handles stand for the new ones.
//
// The scheduler forgets what a failed task had used, so what it needs is computed again from the layers of its graph. Of what the graph took
// from outside, results that somebody holds are used as they are; those that erred are run again themselves; those that nobody holds any more
// are run again when they were known at the failure, and their own graph's inputs likewise.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ashlar/base/error.hpp"
#include "ashlar/runtime/client_result.hpp"
#include "ashlar/runtime/scheduler_loop.hpp"

namespace ashlar {
namespace {

// Submitted one after another, each on the result of the last, and none held: a failure at the end knows of so many before it.
constexpr int recipe_depth_max = 100;

}  // namespace

// ---- the loop

// Recipes may be linked in a long chain: no recursion.
SchedulerLoop::GraphRecipe::~GraphRecipe() {
  std::vector<std::shared_ptr<const GraphRecipe>> open;
  const auto take = [&](GraphRecipe& of) {
    for (Input& input : of.inputs)
      if (input.recipe) open.push_back(std::move(input.recipe));
  };
  take(*this);
  while (!open.empty()) {
    const std::shared_ptr<const GraphRecipe> last = std::move(open.back());
    open.pop_back();
    if (last.use_count() == 1) take(const_cast<GraphRecipe&>(*last));
  }
}

void SchedulerLoop::keep_recipe(TaskId task) {
  const TaskSource* source = sources_.find(task.value());
  if (!source) return;  // it was scattered
  std::shared_ptr<const GraphRecipe> before;  // its layers may hold results, which go outside the lock
  std::lock_guard lock(shared_->mutex);
  ClientResult* result = shared_->result_of(task);
  // Who asks for the value of one that erred is told again: by then what it used may be forgotten.
  if (!result || (result->status_ != Status::pending && result->status_ != Status::finished)) return;
  Failure& failure = shared_->failures[result];
  result->failed_ = true;
  before = std::exchange(failure.graph, recipe_of(source->graph, recipe_depth_max));
  failure.ref = {source->layer, source->index};
}

// Under the mutex.
std::shared_ptr<const SchedulerLoop::GraphRecipe> SchedulerLoop::recipe_of(std::uint32_t number, int depth) {
  if (const auto it = recipes_.find(number); it != recipes_.end()) return it->second;
  static const auto nothing = std::make_shared<ListedLayer>("nothing", nullptr);  // in the place of a layer that no task needs
  auto recipe = std::make_shared<GraphRecipe>();
  const KnownGraph& graph = graphs_[number];
  for (const KnownLayer& layer : graph.layers) recipe->layers.push_back(layer.layer ? layer.layer : nothing);
  if (graph.inputs >= 0)
    for (const TaskId task : graph_inputs_[static_cast<std::size_t>(graph.inputs)]) {
      GraphRecipe::Input& input = recipe->inputs.emplace_back(GraphRecipe::Input{task, nullptr, {}});
      const TaskSource* source = sources_.find(task.value());
      if (!source || depth == 0) continue;
      input.recipe = recipe_of(source->graph, depth - 1);
      input.ref = {source->layer, source->index};
    }
  recipes_.emplace(number, recipe);
  return recipe;
}

// ---- the client's threads, and the loop's for tasks

struct SchedulerLoop::Again {
  using RecipePtr = std::shared_ptr<const GraphRecipe>;
  /// What is to be run again of one graph.
  struct Part {
    RecipePtr recipe;
    std::vector<std::pair<TaskId, TaskRef>> tasks;  ///< what they were
    std::size_t looked_at = 0;                      ///< so many of them
    std::set<std::int64_t> inputs;                  ///< numbers of the outside inputs that they need
    std::vector<Part*> before;
    int state = 0;  ///< 1: entered, 2: submitted
  };
  SchedulerLoop& loop;
  std::map<const GraphRecipe*, Part> parts = {};
  std::vector<Part*> to_look_at = {};
  struct Now {
    Part* part = nullptr;
    TaskId task;  ///< invalid until it is submitted
  };
  std::map<TaskId, Now> now = {};  ///< what is run again, by what it was
  std::vector<TaskId> held = {};      ///< those of them that nobody holds, until all is submitted

  Part& add(const RecipePtr& recipe, TaskId task, TaskRef ref) {
    const auto [it, added] = now.try_emplace(task);
    if (!added) return *it->second.part;
    Part& part = parts[recipe.get()];
    it->second.part = &part;
    part.recipe = recipe;
    if (part.tasks.size() == part.looked_at) to_look_at.push_back(&part);
    part.tasks.emplace_back(task, ref);
    return part;
  }

  /// Under the mutex: a result that erred, and stands for `task`.
  Part& add_erred(const ClientResult& result) {
    const auto it = loop.shared_->failures.find(&result);
    if (it == loop.shared_->failures.end() || !it->second.graph) throw ValueError(result.key_under_mutex() + " cannot be run again: nothing is known of how it was made");
    return add(it->second.graph, result.task(), it->second.ref);
  }

  // Adds the parts that these tasks need run before.
  void look_at(Part& part) {
    std::vector<TaskRef> wanted, refs;
    for (; part.looked_at < part.tasks.size(); ++part.looked_at) wanted.push_back(part.tasks[part.looked_at].second);
    std::set<std::int64_t> numbers;
    for (const TaskRef& ref : depth_first_order({part.recipe->layers, {}}, wanted)) {
      refs.clear();
      part.recipe->layers[static_cast<std::size_t>(ref.layer)]->dependencies(ref.index, refs);
      for (const TaskRef& input : refs)
        if (input.layer < 0 && part.inputs.insert(input.index).second) numbers.insert(input.index);
    }
    std::lock_guard lock(loop.shared_->mutex);
    for (const std::int64_t number : numbers) {
      const GraphRecipe::Input& input = part.recipe->inputs.at(static_cast<std::size_t>(number));
      if (ClientResult** result = loop.shared_->results.find(input.task.value())) {
        if ((*result)->status_ == Status::error) part.before.push_back(&add_erred(**result));
      } else if (input.recipe) {
        part.before.push_back(&add(input.recipe, input.task, input.ref));
      }
    }
  }

  // Under the mutex.
  TaskId input_now(const GraphRecipe::Input& input) const {
    ClientResult** result = loop.shared_->results.find(input.task.value());
    const TaskId task = result ? (*result)->task() : input.task;
    if (const auto it = now.find(input.task); it != now.end()) return it->second.task;  // what it was may be its name no more
    if (const auto it = now.find(task); it != now.end()) return it->second.task;
    if (!result)
      throw ValueError("cannot be run again: it used a result of an earlier submission whose future was let go of; hold that, or submit both again");
    if ((*result)->status_ == Status::cancelled) throw CancelledError((*result)->key_under_mutex() + ", which is needed to run a task again, was cancelled");
    return task;
  }

  void submit(Part& part) {
    std::vector<TaskRef> wanted;
    for (const auto& [task, ref] : part.tasks) wanted.push_back(ref);
    std::vector<TaskId> inputs(part.recipe->inputs.size());
    {
      std::lock_guard lock(loop.shared_->mutex);
      for (const std::int64_t number : part.inputs) inputs[static_cast<std::size_t>(number)] = input_now(part.recipe->inputs[static_cast<std::size_t>(number)]);
    }
    TaskGraph graph{part.recipe->layers, {}};
    Plan plan = loop.plan(graph, wanted, std::move(inputs));
    bool wake;
    {
      std::lock_guard lock(loop.shared_->mutex);
      if (loop.shared_->closed) throw Error("the client has ended: no more tasks can be submitted");
      scheduler::ResultsReleased former;
      for (const auto& [was, ref] : part.tasks) {
        const std::int32_t position = plan.position(ref);
        const TaskId task(plan.first + position);
        plan.submission.event.wants[static_cast<std::size_t>(position)] = scheduler::Want::handle;
        now[was].task = task;
        ClientResult* result = loop.shared_->result_of(was);
        if (!result || result->status_ != Status::error) {  // nobody's, or another thread was first
          held.push_back(task);
          continue;
        }
        former.tasks.push_back(was);
        Failure& failure = loop.shared_->failures[result];
        failure.error = nullptr;
        failure.former.push_back(was);
        loop.shared_->results[task.value()] = result;
        result->task_.store(task.value(), std::memory_order_relaxed);
        result->status_ = Status::pending;
        result->asked_ = false;
      }
      wake = loop.shared_->push(std::move(plan.submission));
      loop.shared_->push(std::move(former));
    }
    if (wake) loop.transport_.wake();
  }

  void run(const std::vector<ClientResult*>& results) {
    {
      std::lock_guard lock(loop.shared_->mutex);
      for (const ClientResult* result : results)
        if (result->status_ == Status::error) add_erred(*result);
    }
    while (!to_look_at.empty()) {
      Part& part = *to_look_at.back();
      to_look_at.pop_back();
      look_at(part);
    }
    // Those that a part needs go first.
    std::vector<Part*> open;
    for (auto& [recipe, first] : parts) {
      open.push_back(&first);
      while (!open.empty()) {
        Part& part = *open.back();
        if (part.state == 0) {
          part.state = 1;
          for (Part* before : part.before)
            if (before->state == 0) open.push_back(before);
          continue;
        }
        open.pop_back();
        if (part.state == 1) submit(part);
        part.state = 2;
      }
    }
  }
};

void SchedulerLoop::retry_all(const std::vector<ResultHandle>& results) {
  std::vector<ClientResult*> own;
  for (const ResultHandle& result : results) {
    auto* one = dynamic_cast<ClientResult*>(result.get());
    if (!one || one->loop() != this) throw ValueError("retry of a result of another client, or of none: results live as long as the client that made them");
    own.push_back(one);
  }
  retry(own);
}

void SchedulerLoop::retry(const std::vector<ClientResult*>& results) {
  Again again{*this};
  const auto release = [&] {
    if (!again.held.empty()) request(scheduler::ResultsReleased{std::move(again.held)});
  };
  try {
    again.run(results);
  } catch (...) {
    release();
    throw;
  }
  release();
}

}  // namespace ashlar
