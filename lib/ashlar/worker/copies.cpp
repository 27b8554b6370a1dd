// Copies of peers' results that the scheduler wants here: asked for after all that tasks need, then this worker's own.
#include <algorithm>

#include "ashlar/base/error.hpp"
#include "ashlar/worker/state.hpp"

namespace ashlar::worker {

void State::on(const CopyWanted& event) {
  Datum& datum = data_[event.data.value()];
  datum.known = true;
  if (datum.state == DataState::here || datum.state == DataState::spilled || datum.state == DataState::loading) {
    datum.freed = false;
    if (!datum.mine && datum.state != DataState::here) {
      datum.mine = true;
      count_spilled(datum, 1);
    }
    datum.kept = true;
    make_own(event.data, datum);
    return;
  }
  if (datum.mine) throw InternalError("worker: a copy is wanted of task " + std::to_string(event.data.value()) + ", which is to be run here");
  datum.kept = true;
  if (datum.state == DataState::asked || datum.queued) return;  // a task here wants it too, and sooner
  datum.holder = event.holder;
  datum.nbytes = event.nbytes;
  datum.last_use = false;
  queue_ask(event.data, datum, copy_order);
}

void State::make_own(TaskId id, Datum& datum) {
  datum.mine = true;
  commands_->emplace_back(ReportCopied{id});
}

// They are told of results that exist only, and nobody tells them when it goes: what they asked for is read back and sent first.
bool State::asked_by_clients(const Datum& datum) {
  return std::any_of(datum.asked_by.begin(), datum.asked_by.end(), [](const auto& ask) { return ask.first == client_id || ask.first == tasks_id; });
}

}  // namespace ashlar::worker
