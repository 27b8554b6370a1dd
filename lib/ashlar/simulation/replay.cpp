#include "ashlar/simulation/replay.hpp"

#include <algorithm>
#include <unordered_map>

#include "ashlar/base/error.hpp"
#include "ashlar/scheduler/event_code.hpp"
#include "ashlar/scheduler/record.hpp"

namespace ashlar::simulation {
namespace {

using scheduler::Command;

std::vector<std::string> texts(const std::vector<Command>& commands) {
  std::vector<std::string> all;
  for (const Command& command : commands) all.push_back(scheduler::to_string(command));
  return all;
}

std::uint64_t hash_of(const std::vector<Command>& commands) {
  scheduler::CommandHash hash;
  for (const Command& command : commands) hash.add(command);
  return hash.value();
}

}  // namespace

Replay replay(std::istream& in, const ReplayOptions& options) {
  scheduler::RecordReader reader(in);
  scheduler::State then(reader.policy());
  std::optional<scheduler::State> other;
  if (options.policy) other.emplace(*options.policy);
  scheduler::CommandHash hash;
  std::vector<Command> commands, others;
  Replay result;
  for (;;) {
    std::optional<scheduler::RecordReader::Recorded> recorded;
    try {
      recorded = reader.next();
    } catch (const IoError& e) {
      result.incomplete = e.what();
    }
    if (!recorded) break;
    const scheduler::Event& event = recorded->event;
    if (options.trace) *options.trace << recorded->number << " at " << event.now << ": " << scheduler::to_string(event) << '\n';
    commands.clear();
    const auto differ = [&] {
      result.difference = {recorded->number, event.now, scheduler::to_string(event), texts(commands), {}};
    };
    ++result.events;
    try {
      then.handle(event, commands);
    } catch (const InternalError& e) {
      if (recorded->hash) throw;  // it came back from this event in the run
      if (options.trace) *options.trace << "    throws " << e.what() << '\n';
      continue;
    }
    result.commands += static_cast<std::int64_t>(commands.size());
    for (const Command& command : commands) {
      hash.add(command);
      if (options.trace) *options.trace << "    " << scheduler::to_string(command) << '\n';
    }
    if (!recorded->hash || *recorded->hash != static_cast<std::uint32_t>(hash.value())) {
      differ();
      break;
    }
    if (!other) continue;
    others.clear();
    other->handle(event, others);
    if (commands.size() == others.size() && hash_of(commands) == hash_of(others)) continue;
    differ();
    result.difference->then = std::exchange(result.difference->here, texts(others));
    break;
  }
  result.hash = hash.value();
  result.ending = reader.ending();
  return result;
}

RecordedJob recorded_job(std::istream& in) {
  scheduler::RecordReader reader(in);
  RecordedJob job;
  std::unordered_map<std::int64_t, std::int64_t> numbers;  // looked up only
  std::unordered_map<std::string, std::int32_t> groups;    // looked up only
  const auto number_of = [&](TaskId id) -> std::optional<std::int64_t> {
    const auto it = numbers.find(id.value());
    return it == numbers.end() ? std::nullopt : std::optional(it->second);
  };
  const auto group_of = [&](const std::string& name) {
    const auto [it, added] = groups.emplace(name, static_cast<std::int32_t>(job.graph.groups.size()));
    if (added) job.graph.groups.push_back(name);
    return it->second;
  };
  while (const auto recorded = reader.next()) {
    const auto& what = recorded->event.what;
    if (const auto* joined = std::get_if<scheduler::WorkerJoined>(&what)) {
      ++job.workers;
      job.threads = std::max(job.threads, joined->threads);
      job.memory_limit = job.workers == 1 ? joined->memory_limit : std::min(job.memory_limit, joined->memory_limit);
    } else if (const auto* put = std::get_if<scheduler::Scattered>(&what)) {
      numbers[put->task.value()] = job.graph.add({.group = group_of("scattered"), .nbytes = put->nbytes, .wanted = true}, {});
    } else if (const auto* submitted = std::get_if<scheduler::GraphSubmitted>(&what)) {
      std::int64_t id = submitted->first.value();
      std::size_t first_input = 0;
      for (std::size_t number = 0; number < submitted->tasks.size(); ++number) {
        const scheduler::NewTask& task = submitted->tasks[number];
        const scheduler::Want want = number < submitted->wants.size() ? submitted->wants[number] : scheduler::Want::nothing;
        std::vector<std::int64_t> inputs;
        for (std::uint32_t i = 0; i < task.input_count; ++i)
          if (const auto input = number_of(submitted->inputs.at(first_input++))) inputs.push_back(*input);
        Graph::Task added;
        added.group = group_of(submitted->groups.at(static_cast<std::size_t>(task.group)));
        added.nbytes = std::max<std::int64_t>(task.nbytes, 0);
        added.nbytes_known = task.nbytes >= 0;
        added.wanted = want != scheduler::Want::nothing;
        added.fetch = want == scheduler::Want::value;
        numbers[id++] = job.graph.add(added, inputs);
      }
    } else if (const auto* finished = std::get_if<scheduler::TasksFinished>(&what)) {
      for (const scheduler::FinishedTask& task : finished->tasks)
        if (const auto number = number_of(task.task)) {
          job.graph.tasks[static_cast<std::size_t>(*number)].nbytes = task.nbytes;
          job.graph.tasks[static_cast<std::size_t>(*number)].duration_ns = task.took_ns;
        }
    }
  }
  return job;
}

}  // namespace ashlar::simulation
