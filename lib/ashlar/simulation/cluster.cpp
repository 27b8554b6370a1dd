#include "ashlar/simulation/cluster.hpp"

#include <algorithm>
#include <optional>
#include <queue>
#include <utility>

#include "ashlar/base/error.hpp"
#include "ashlar/scheduler/invariants.hpp"
#include "ashlar/scheduler/record.hpp"
#include "ashlar/simulation/cluster_detail.hpp"
#include "ashlar/simulation/command_hash.hpp"

namespace ashlar::simulation {
namespace {

constexpr std::int64_t head_bytes = 40, input_bytes = 24;
constexpr std::size_t faults_max = 20;

}  // namespace

class SimulatedCluster::Impl {
 public:
  using What = Happening::What;

  Impl(const ClusterOptions& options, Graph graph, const ClientOptions& client)
      : options_(options), client_(std::move(graph), client), scheduler_(options.policy), network_(options.network), ran_(client_.graph().tasks.size()),
        failed_(client_.graph().tasks.size()), given_(client_.graph().tasks.size()) {
    const auto check = [&](const char* fault, int worker) {
      if (worker < 0 || worker >= options.workers)
        throw ValueError(std::string("no such worker to be ") + fault + ": wanted 0 to " + std::to_string(options.workers - 1) + ", found " +
                         std::to_string(worker));
    };
    for (const auto& loss : options.faults.losses) check("lost", loss.worker);
    for (const auto& slow : options.faults.slow_workers) check("slow", slow.worker);
    for (int w = 0; w < options.workers; ++w) {
      workers_.emplace_back(WorkerId(w), options);
      to_rank_0_.emplace_back();
    }
    to_workers_.resize(workers_.size());
    if (options_.record) record_.emplace(*options_.record, options_.policy);
    given_to_.resize(workers_.size());
  }

  Outcome run() {
    for (int w = 0; w < options_.workers; ++w) handle(scheduler::WorkerJoined{WorkerId(w), options_.threads, options_.memory_limit, {{"r", options_.resource}}});
    flush_rank_0(0);
    for (std::size_t i = 0; i < client_.actions().size(); ++i)
      push(client_.actions()[i].at_ns, What::client_acts, -1, static_cast<std::int64_t>(i));
    for (const FaultPlan::Loss& loss : options_.faults.losses)
      if (loss.at_event < 0) push(loss.at_ns, What::worker_lost, loss.worker, 0);
    drain();
    for (std::string& fault : client_.faults(!options_.faults.losses.empty() || scratch_failed_)) say(std::move(fault));
    if (!outcome_.faults.empty()) tell_who_waits();
    outcome_.makespan_ns = client_.last_report_ns();
    inbox_.push_back({now_, client_.last_release()});
    push(now_, What::scheduler_turn, -1, 0);
    drain();
    check_all_is_gone();
    if (record_) record_->finish();
    outcome_.finished = client_.finished();
    outcome_.erred = client_.erred();
    outcome_.cancelled = client_.cancelled();
    outcome_.hash = hash_.value();
    return std::move(outcome_);
  }

 private:
  void push(std::int64_t time, What what, std::int32_t worker, std::int64_t number, std::int64_t run = 0) {
    queue_.push({time, sequence_++, what, worker, number, run});
  }

  void say(std::string fault) {
    if (outcome_.faults.size() < faults_max) outcome_.faults.push_back(std::move(fault));
  }

  void drain() {
    while (!queue_.empty()) {
      const Happening next = queue_.top();
      queue_.pop();
      now_ = next.time;
      switch (next.what) {
        case What::at_rank_0:
          arrive_at_rank_0(next.number);
          break;
        case What::at_worker:
          arrive_at_worker(next.worker, next.number);
          break;
        case What::scheduler_turn:
          take_turn();
          break;
        case What::rank_0_sends:
          flush_rank_0(now_);
          break;
        case What::written:
        case What::read_back:
          end_scratch(next.worker, next.number, next.what == What::read_back);
          break;
        case What::task_ended:
          end_task(next.worker, TaskId(next.number), next.run);
          break;
        case What::scheduler_wakes:
          inbox_.push_back({now_, scheduler::TimePassed{}});
          ask_for_turn();
          break;
        case What::worker_wakes:
          if (!workers_[static_cast<std::size_t>(next.worker)].alive) break;
          apply(next.worker, worker::TimePassed{now_});
          go_on(next.worker);
          break;
        case What::client_acts:
          inbox_.push_back({now_, client_.event(client_.actions()[static_cast<std::size_t>(next.number)])});
          ask_for_turn();
          break;
        case What::worker_lost:
          workers_[static_cast<std::size_t>(next.worker)].alive = false;
          push(now_ + options_.faults.detection_ns, What::loss_noticed, next.worker, 0);
          break;
        case What::loss_noticed:
          inbox_.push_back({now_, scheduler::WorkerLost{WorkerId(next.worker), "as planned"}});
          for (std::int32_t w = 0; w < options_.workers; ++w) to_worker(WorkerId(w), head_bytes, worker::PeerLost{WorkerId(next.worker)});
          ask_for_turn();
          break;
      }
    }
  }

  // ---- rank 0

  void arrive_at_rank_0(std::int64_t number) {
    ToRank0 message = messages_to_rank_0_.take(number);
    for (const auto& [task, value] : message.values) client_.given(task, value);
    for (scheduler::Event& event : message.events) {
      event.now = now_;
      inbox_.push_back(std::move(event));
    }
    ask_for_turn();
  }

  void ask_for_turn() {
    if (turn_asked_ || inbox_.empty()) return;
    turn_asked_ = true;
    push(std::max(now_, scheduler_free_), What::scheduler_turn, -1, 0);
  }

  // Drain, then decide: all that has come is handled, then each worker gets one message.
  void take_turn() {
    turn_asked_ = false;
    std::vector<scheduler::Event> events = std::exchange(inbox_, {});
    std::int64_t work = 0;
    for (scheduler::Event& event : events) {
      const auto* finished = std::get_if<scheduler::TasksFinished>(&event.what);
      work += finished ? static_cast<std::int64_t>(finished->tasks.size()) : 1;
      handle(std::move(event.what));
    }
    outcome_.rank_0_ns += work * options_.scheduler_event_ns;
    scheduler_free_ = now_ + work * options_.scheduler_event_ns;
    // When its time has come: the network wants messages in the order in which they are sent.
    push(scheduler_free_, What::rank_0_sends, -1, 0);
  }

  void handle(decltype(scheduler::Event::what) what) {
    commands_.clear();
    const scheduler::Event event{now_, std::move(what)};
    if (record_) record_->event(event);
    scheduler_.handle(event, commands_);
    if (record_) record_->commands(commands_);
    ++outcome_.scheduler_events;
    for (const FaultPlan::Loss& loss : options_.faults.losses)
      if (loss.at_event == outcome_.scheduler_events) push(now_, What::worker_lost, loss.worker, 0);
    for (const WorkerId id : workers_given_to_) given_to_[static_cast<std::size_t>(id.value())] = 0;
    workers_given_to_.clear();
    sources_given_to_.clear();
    for (scheduler::Command& command : commands_) {
      hash_.add(command);
      if (options_.trace) *options_.trace << now_ << " scheduler: " << to_string(command) << '\n';
      if (auto* c = std::get_if<scheduler::RunTask>(&command)) {
        ++given_to_[static_cast<std::size_t>(c->worker.value())];
        workers_given_to_.push_back(c->worker);
        if (c->inputs.empty() && !std::exchange(given_[static_cast<std::size_t>(c->task.value())], 1)) sources_given_to_.push_back(c->worker);
        to_worker(c->worker, head_bytes + input_bytes * static_cast<std::int64_t>(c->inputs.size()),
                  worker::TaskGiven{c->task, c->order, c->fetch, std::move(c->inputs), c->nbytes, std::move(c->limits)});
      } else if (auto* c = std::get_if<scheduler::FreeResults>(&command)) {
        to_worker(c->worker, 8 * static_cast<std::int64_t>(c->tasks.size()), worker::DataFreed{std::move(c->tasks)});
      } else if (auto* c = std::get_if<scheduler::Retract>(&command)) {
        to_worker(c->worker, head_bytes, worker::TaskRetracted{c->task});
      } else if (auto* c = std::get_if<scheduler::AskBack>(&command)) {
        ++outcome_.steals;
        to_worker(c->worker, head_bytes, worker::TaskAskedBack{c->task, c->number});
      } else if (auto* c = std::get_if<scheduler::WakeAt>(&command)) {
        push(std::max(now_, c->time), What::scheduler_wakes, -1, 0);
      } else if (auto* c = std::get_if<scheduler::TellMoved>(&command)) {
        to_worker(c->worker, head_bytes, worker::InputMoved{c->task, c->holder});
      } else if (auto* c = std::get_if<scheduler::MakeCopy>(&command)) {
        to_worker(c->worker, head_bytes, worker::CopyWanted{c->task, c->holder, c->nbytes});
      } else if (auto* c = std::get_if<scheduler::ReportCopies>(&command)) {
        client_.told(*c);
      } else if (auto* c = std::get_if<scheduler::SendToClient>(&command)) {
        to_worker(c->worker, head_bytes, worker::DataAsked{c->task, client_id, false});
      } else if (auto* c = std::get_if<scheduler::ReportFinished>(&command)) {
        client_.told(*c, now_);
      } else if (auto* c = std::get_if<scheduler::ReportErred>(&command)) {
        client_.told(*c, now_);
      } else if (auto* c = std::get_if<scheduler::ReportCancelled>(&command)) {
        client_.told(*c, now_);
      } else if (!std::holds_alternative<scheduler::Forgotten>(command)) {
        say("the simulator does not serve the scheduler's command " + to_string(command));
      }
    }
    check_budgets();
    if (options_.check_every > 0 && outcome_.scheduler_events % options_.check_every == 0)
      for (std::string& broken : scheduler::broken_invariants(scheduler_)) say("scheduler: " + std::move(broken));
  }

  // A source goes only where it fits, unless nothing at all is under way there, or it was given before.
  void check_budgets() {
    for (WorkerId id : sources_given_to_) {
      const scheduler::WorkerRecord& worker = scheduler_.workers()[static_cast<std::size_t>(id.value())];
      if (worker.processing > given_to_[static_cast<std::size_t>(id.value())] && worker.bytes_in_memory - worker.bytes_spilled + worker.bytes_expected > worker.memory_limit)
        say("scheduler: worker " + std::to_string(id.value()) + " was given a source beyond its memory");
    }
  }

  void to_worker(WorkerId id, std::int64_t nbytes, worker::Event event) {
    WorkerMessage& message = to_workers_[static_cast<std::size_t>(id.value())];
    if (message.events.empty()) workers_written_.push_back(id);
    message.events.push_back({std::move(event), 0});
    message.nbytes += nbytes;
  }

  void flush_rank_0(std::int64_t at) {
    for (WorkerId id : workers_written_) send(0, id.value() + 1, std::exchange(to_workers_[static_cast<std::size_t>(id.value())], {}), at);
    workers_written_.clear();
  }

  // ---- workers

  void send(int from, int to, WorkerMessage message, std::int64_t at) {
    ++outcome_.messages;
    const std::int64_t arrives = network_.arrival(from, to, message.nbytes, at);
    push(arrives, What::at_worker, to - 1, messages_to_workers_.put(std::move(message)));
  }

  void arrive_at_worker(std::int32_t number, std::int64_t message_number) {
    WorkerMessage message = messages_to_workers_.take(message_number);
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    if (!worker.alive) return;
    for (ToWorker& to : message.events) {
      if (const auto* arrived = std::get_if<worker::DataArrived>(&to.event)) worker.values[arrived->data.value()] = to.value;
      apply(number, to.event);
    }
    go_on(number);
  }

  void apply(std::int32_t number, const worker::Event& event) {
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    worker_commands_.clear();
    worker.machine.handle(event, worker_commands_);
    outcome_.peak_bytes = std::max(outcome_.peak_bytes, worker.machine.bytes_here());
    outcome_.peak_used = std::max(outcome_.peak_used, worker.machine.bytes_used());
    carry_out(number);
    if (options_.check_every > 0 && ++worker.events % options_.check_every == 0)
      for (std::string& broken : worker::broken_invariants(worker.machine))
        say("worker " + std::to_string(number) + ": " + std::move(broken));
  }

  void carry_out(std::int32_t number) {
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    for (const worker::Command& command : worker_commands_) {
      hash_.add(WorkerId(number), command);
      if (options_.trace) *options_.trace << now_ << " worker " << number << ": " << to_string(command) << '\n';
      if (const auto* c = std::get_if<worker::Ask>(&command)) {
        to_peer(number, c->holder, head_bytes, {worker::DataAsked{c->data, WorkerId(number), c->last_use}, 0});
      } else if (const auto* c = std::get_if<worker::WithdrawAsk>(&command)) {
        to_peer(number, c->holder, head_bytes, {worker::AskWithdrawn{c->data, WorkerId(number)}, 0});
      } else if (const auto* c = std::get_if<worker::Send>(&command)) {
        const std::uint64_t* value = value_here(number, c->data, "sends");
        if (!value) continue;
        const std::int64_t nbytes = nbytes_of(c->data);
        outcome_.moved_bytes += nbytes;
        if (c->to == client_id) {
          to_rank_0_[static_cast<std::size_t>(number)].values.emplace_back(c->data, *value);
          to_rank_0_[static_cast<std::size_t>(number)].nbytes += nbytes;
        } else {
          to_peer(number, c->to, head_bytes + nbytes, {worker::DataArrived{c->data, nbytes}, *value});
        }
      } else if (const auto* c = std::get_if<worker::Drop>(&command)) {
        if (value_here(number, c->data, "drops")) worker.values.erase(c->data.value());
      } else if (const auto* c = std::get_if<worker::ReportDone>(&command)) {
        ToRank0& message = to_rank_0_[static_cast<std::size_t>(number)];
        if (message.events.empty() || !std::holds_alternative<scheduler::TasksFinished>(message.events.back().what))
          message.events.push_back({0, scheduler::TasksFinished{WorkerId(number), {}}});
        std::get<scheduler::TasksFinished>(message.events.back().what).tasks.push_back({c->task, c->nbytes, c->took_ns});
        message.nbytes += head_bytes + (c->fetch ? c->nbytes : 0);
        if (const std::uint64_t* value = c->fetch ? value_here(number, c->task, "reports") : nullptr)
          message.values.emplace_back(c->task, *value);
      } else if (const auto* c = std::get_if<worker::ReportTimedOut>(&command)) {
        ++outcome_.attempts_failed;
        to_rank_0_[static_cast<std::size_t>(number)].events.push_back({0, scheduler::TaskErred{WorkerId(number), c->task}});
      } else if (const auto* c = std::get_if<worker::ReportReturned>(&command)) {
        outcome_.stolen += c->returned;
        to_rank_0_[static_cast<std::size_t>(number)].events.push_back({0, scheduler::TaskReturned{WorkerId(number), c->task, c->number, c->returned}});
        to_rank_0_[static_cast<std::size_t>(number)].nbytes += head_bytes;
      } else if (const auto* c = std::get_if<worker::ReportFailed>(&command)) {
        ++outcome_.attempts_failed;
        to_rank_0_[static_cast<std::size_t>(number)].events.push_back({0, scheduler::TaskErred{WorkerId(number), c->task}});
      } else if (const auto* c = std::get_if<worker::Spill>(&command)) {
        if (const std::uint64_t* value = value_here(number, c->data, "spills")) worker.files[c->file] = {c->data, *value};
        outcome_.spilled_bytes += nbytes_of(c->data);
        use_scratch(number, c->file, nbytes_of(c->data), What::written);
      } else if (const auto* c = std::get_if<worker::Load>(&command)) {
        if (const auto it = worker.files.find(c->file); it == worker.files.end() || !it->second.written || it->second.data != c->data)
          say("worker " + std::to_string(number) + " reads a file that is not there");
        use_scratch(number, c->file, nbytes_of(c->data), What::read_back);
      } else if (const auto* c = std::get_if<worker::ForgetFile>(&command)) {
        worker.files.at(c->file).forgotten = true;
        if (worker.files.at(c->file).written) worker.files.erase(c->file);
      } else if (const auto* c = std::get_if<worker::ReportCopied>(&command)) {
        to_rank_0_[static_cast<std::size_t>(number)].events.push_back({0, scheduler::CopyMade{WorkerId(number), c->data}});
      } else if (const auto* c = std::get_if<worker::ReportLost>(&command)) {
        to_rank_0_[static_cast<std::size_t>(number)].events.push_back({0, scheduler::TaskErred{WorkerId(number), c->data}});
      } else if (const auto* c = std::get_if<worker::ReportSpilled>(&command)) {
        to_rank_0_[static_cast<std::size_t>(number)].events.push_back({0, scheduler::SpillReported{WorkerId(number), c->nbytes}});
      } else if (!std::holds_alternative<worker::ForgetTask>(command)) {
        say("the simulator does not serve the worker's command " + to_string(command));
      }
    }
  }

  void use_scratch(std::int32_t number, std::int64_t file, std::int64_t nbytes, What what) {
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    worker.scratch_free_at = std::max(worker.scratch_free_at, now_) + 1 + static_cast<std::int64_t>(static_cast<double>(nbytes) / options_.scratch_bytes_per_ns);
    push(worker.scratch_free_at, what, number, file);
  }

  void end_scratch(std::int32_t number, std::int64_t file, bool read) {
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    if (!worker.alive) return;
    const auto it = worker.files.find(file);
    if (it == worker.files.end()) return;  // forgotten while it was read
    const SimulatedWorker::File copy = it->second;
    const bool fails = options_.scratch_fails_one_in > 0 && mixed(static_cast<std::uint64_t>(file) * 2 + (read ? 1 : 0)) % static_cast<std::uint64_t>(options_.scratch_fails_one_in) == 0;
    it->second.written = true;
    if (copy.forgotten || (fails && !read)) worker.files.erase(file);
    if (fails) scratch_failed_ = true;
    if (read) {
      if (!fails) worker.values[copy.data.value()] = copy.value;
      apply(number, worker::LoadEnded{copy.data, file, fails});
    } else {
      apply(number, worker::SpillEnded{copy.data, file, fails});
    }
    go_on(number);
  }

  const std::uint64_t* value_here(std::int32_t number, TaskId data, const char* verb) {
    auto& values = workers_[static_cast<std::size_t>(number)].values;
    if (const auto it = values.find(data.value()); it != values.end()) return &it->second;
    say("worker " + std::to_string(number) + " " + verb + " the value of task " + std::to_string(data.value()) +
        ", which it does not have");
    return nullptr;
  }

  std::int64_t nbytes_of(TaskId task) const { return client_.graph().tasks[static_cast<std::size_t>(task.value())].nbytes; }

  void to_peer(std::int32_t, WorkerId to, std::int64_t nbytes, ToWorker event) {
    WorkerMessage* message = nullptr;
    for (auto& [peer, written] : to_peers_)
      if (peer == to) message = &written;
    if (!message) message = &to_peers_.emplace_back(to, WorkerMessage{}).second;
    message->events.push_back(std::move(event));
    message->nbytes += nbytes;
  }

  // After a worker has handled what came: free threads take tasks, then what it has to say is sent.
  void go_on(std::int32_t number) {
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    while (worker.executing < options_.threads) {
      worker_commands_.clear();
      const auto start = worker.machine.start_next(worker_commands_, now_);
      outcome_.peak_used = std::max(outcome_.peak_used, worker.machine.bytes_used());
      if (start) start_task(number, *start);
      carry_out(number);
      if (!start) break;
    }
    for (auto& [to, message] : to_peers_) send(number + 1, to.value() + 1, std::move(message), now_);
    to_peers_.clear();
    ToRank0& report = to_rank_0_[static_cast<std::size_t>(number)];
    if (report.events.empty() && report.values.empty()) return;
    ++outcome_.messages;
    const std::int64_t arrives = network_.arrival(number + 1, 0, report.nbytes, now_);
    push(arrives, What::at_rank_0, -1, messages_to_rank_0_.put(std::exchange(report, {})));
  }

  void start_task(std::int32_t number, const worker::Start& start) {
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    const auto task = static_cast<std::size_t>(start.task.value());
    const Graph::Task& t = client_.graph().tasks[task];
    if (ran_[task]++ > t.retries) say("task " + std::to_string(task) + " ran more often than it may");
    if (t.worker >= 0 && t.worker != number) say("task " + std::to_string(task) + " ran on a worker that it may not run on");
    worker.resource_in_use += t.resource;
    if (worker.resource_in_use > options_.resource) say("worker " + std::to_string(number) + " uses more of its resource than it has");
    std::uint64_t value = mixed(task);
    if (start.inputs.size() != t.input_count) say("task " + std::to_string(task) + " started with a wrong number of inputs");
    for (std::uint32_t i = 0; i < start.inputs.size() && i < t.input_count; ++i) {
      if (start.inputs[i].data.value() != client_.graph().inputs[t.first_input + i])
        say("task " + std::to_string(task) + " started with a wrong input");
      if (const std::uint64_t* input = value_here(number, start.inputs[i].data, "uses")) value = mixed(value ^ *input);
    }
    if (value != client_.value(start.task)) say("task " + std::to_string(task) + " computes a wrong value");
    ++worker.executing;
    ++outcome_.ran;
    const std::int64_t takes = duration_ns(number, t);
    worker.results[start.run] = {value, takes};
    outcome_.work_ns += takes;
    push(now_ + takes, What::task_ended, number, start.task.value(), start.run);
    if (t.timeout_ns > 0) push(now_ + t.timeout_ns, What::worker_wakes, number, 0);
  }

  std::int64_t duration_ns(std::int32_t number, const Graph::Task& task) const {
    std::int64_t takes = task.duration_ns;
    for (const FaultPlan::Slow& slow : options_.faults.slow_workers)
      if (slow.worker == number && now_ >= slow.from_ns) takes *= slow.factor;
    return takes;
  }

  void end_task(std::int32_t number, TaskId task, std::int64_t run) {
    SimulatedWorker& worker = workers_[static_cast<std::size_t>(number)];
    if (!worker.alive) return;
    --worker.executing;
    const Graph::Task& t = client_.graph().tasks[static_cast<std::size_t>(task.value())];
    const auto result = worker.results.extract(run);
    worker.resource_in_use -= t.resource;
    if (worker.machine.ended_late(run)) {
      // Given up before: nothing comes of it.
    } else if (t.throws || failed_[static_cast<std::size_t>(task.value())] < t.failures) {
      ++failed_[static_cast<std::size_t>(task.value())];
      apply(number, worker::TaskFailed{task});
    } else {
      worker.values[task.value()] = result.mapped().value;
      apply(number, worker::TaskDone{task, t.nbytes, result.mapped().took_ns});
    }
    go_on(number);
  }

  // ---- the end

  void tell_who_waits() {
    for (const SimulatedWorker& worker : workers_)
      if (worker.alive && worker.machine.tasks() > 0) say("waiting: " + worker.machine.waiting_text());
  }

  void check_all_is_gone() {
    if (scheduler_.tasks() != 0) say("scheduler: " + std::to_string(scheduler_.tasks()) + " tasks are kept after all was released");
    for (std::string& broken : scheduler::broken_invariants(scheduler_)) say("scheduler: " + std::move(broken));
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      const SimulatedWorker& worker = workers_[w];
      if (!worker.alive) continue;
      const auto expect_none = [&](const char* what, std::int64_t count) {
        if (count != 0) say("worker " + std::to_string(w) + ": " + std::to_string(count) + " " + what + " after all was released");
      };
      expect_none("tasks", worker.machine.tasks());
      expect_none("results", worker.machine.data_here());
      expect_none("bytes", worker.machine.bytes_here());
      expect_none("records of data", worker.machine.records());
      expect_none("values", static_cast<std::int64_t>(worker.values.size()));
      expect_none("files", static_cast<std::int64_t>(worker.files.size()));
      for (std::string& broken : worker::broken_invariants(worker.machine)) say("worker " + std::to_string(w) + ": " + std::move(broken));
    }
  }

  ClusterOptions options_;
  Client client_;
  scheduler::State scheduler_;
  std::vector<SimulatedWorker> workers_;
  NetworkModel network_;
  CommandHash hash_;
  std::optional<scheduler::RecordWriter> record_;
  Outcome outcome_;
  std::vector<std::uint8_t> ran_, failed_, given_;

  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> queue_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ = 0, scheduler_free_ = 0;
  bool turn_asked_ = false, scratch_failed_ = false;
  std::vector<scheduler::Event> inbox_;
  std::vector<scheduler::Command> commands_;
  std::vector<worker::Command> worker_commands_;
  std::vector<WorkerId> sources_given_to_, workers_given_to_;  // by the event that is handled
  std::vector<std::int64_t> given_to_;                         // tasks, sources or not
  Messages<ToRank0> messages_to_rank_0_;
  Messages<WorkerMessage> messages_to_workers_;

  // Written and not yet sent.
  std::vector<WorkerMessage> to_workers_;
  std::vector<WorkerId> workers_written_;
  std::vector<ToRank0> to_rank_0_;
  std::vector<std::pair<WorkerId, WorkerMessage>> to_peers_;  // of the worker whose turn it is
};

SimulatedCluster::SimulatedCluster(const ClusterOptions& options, Graph graph, const ClientOptions& client)
    : impl_(std::make_unique<Impl>(options, std::move(graph), client)) {}
SimulatedCluster::~SimulatedCluster() = default;
Outcome SimulatedCluster::run() { return impl_->run(); }

}  // namespace ashlar::simulation
