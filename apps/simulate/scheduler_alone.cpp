#include "scheduler_alone.hpp"

#include <ctime>
#include <deque>

#include "ashlar/scheduler/state.hpp"
#include "ashlar/simulation/client.hpp"

using namespace ashlar;

SchedulerAlone scheduler_alone(const simulation::Graph& graph, int workers, int threads, std::int64_t pieces, std::int64_t batch) {
  const simulation::Client client(graph, {.pieces = pieces});
  scheduler::State state;
  std::vector<scheduler::Command> commands;
  SchedulerAlone result;
  // Workers in turns, each with the tasks it was told of and has not ended: first come, first ended.
  std::vector<std::deque<TaskId>> running(static_cast<std::size_t>(workers));
  std::deque<std::size_t> turns;
  std::vector<char> in_turn(running.size());
  const auto handle = [&](scheduler::Event&& event) {
    commands.clear();
    state.handle(event, commands);
    ++result.events;
    result.commands += static_cast<std::int64_t>(commands.size());
    for (const scheduler::Command& command : commands)
      if (const auto* run = std::get_if<scheduler::RunTask>(&command)) {
        const auto w = static_cast<std::size_t>(run->worker.value());
        running[w].push_back(run->task);
        if (!in_turn[w]) turns.push_back(w);
        in_turn[w] = true;
      }
  };
  const auto one_turn = [&] {
    const std::size_t w = turns.front();
    turns.pop_front();
    in_turn[w] = false;
    scheduler::TasksFinished finished{WorkerId(static_cast<std::int32_t>(w)), {}};
    for (std::int64_t i = 0; i < batch && !running[w].empty(); ++i) {
      const auto& task = graph.tasks[static_cast<std::size_t>(running[w].front().value())];
      finished.tasks.push_back({running[w].front(), task.nbytes, task.duration_ns});
      running[w].pop_front();
    }
    if (!running[w].empty()) {
      turns.push_back(w);
      in_turn[w] = true;
    }
    handle({0, std::move(finished)});
  };

  for (int w = 0; w < workers; ++w) handle({0, scheduler::WorkerJoined{WorkerId(w), threads, std::int64_t{1} << 40}});
  const std::clock_t begin = std::clock();
  for (const auto& action : client.actions()) {
    handle({0, client.event(action)});
    if (!turns.empty()) one_turn();
  }
  while (!turns.empty()) one_turn();
  handle({0, client.last_release()});
  result.ns_per_task = 1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / static_cast<double>(graph.size());
  return result;
}
