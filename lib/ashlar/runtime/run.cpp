#include "ashlar/runtime/run.hpp"

#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/mpi/environment.hpp"
#include "ashlar/runtime/attach.hpp"
#include "ashlar/runtime/job.hpp"

namespace ashlar::detail {
namespace {

// SIGINT and SIGTERM become an exception in the body's next wait for a result, so that files half written are removed. A body that
// does not wait is ended after a while.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGUSR2);  // ends the thread
    pthread_sigmask(SIG_BLOCK, &set_, &previous_);
  }
  ~Signals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

  void listen(SchedulerLoop& loop) {
    thread_ = std::thread([this, &loop] {
      int signal = 0;
      sigwait(&set_, &signal);
      if (signal == SIGUSR2) return;
      loop.interrupt(std::string("ended by signal ") + (signal == SIGINT ? "SIGINT" : "SIGTERM"));
      const timespec patience{5, 0};
      if (sigtimedwait(&set_, nullptr, &patience) == SIGUSR2) return;
      std::fprintf(stderr, "ashlar: ended by a signal\n");
      MPI_Abort(MPI_COMM_WORLD, 128 + signal);
    });
  }
  void stop() {
    if (!thread_.joinable()) return;
    pthread_kill(thread_.native_handle(), SIGUSR2);
    thread_.join();
  }

 private:
  sigset_t set_, previous_;
  std::thread thread_;
};

void write_outcome(const Settings& settings, int exit_code) {
  if (settings.outcome_file.empty()) return;
  std::ofstream file(settings.outcome_file);
  file << exit_code << '\n';
}

int run_body(SchedulerLoop& loop, const std::function<int(Client&)>& body) {
  ClientInfo info;
  for (const WorkerInfo& worker : loop.worker_infos()) info.workers.push_back({worker.host, worker.pid, worker.threads, worker.memory_limit});
  info.story = [&loop](const std::string& key) { return loop.story(key); };
  Client client(loop, std::move(info));
  return body(client);
}

void require_threads() {
  int provided = MPI_THREAD_SINGLE;
  MPI_Query_thread(&provided);
  if (provided < MPI_THREAD_MULTIPLE)
    throw MpiError("Ashlar needs MPI_THREAD_MULTIPLE: MPI was started with level " + std::to_string(provided) + ", wanted " + std::to_string(MPI_THREAD_MULTIPLE) +
                   " (call MPI_Init_thread)");
}

}  // namespace

int run_program(int& argc, char**& argv, const std::function<int(Client&)>& body) {
  mpi::prepare_environment();
  Signals signals;
  int provided = MPI_THREAD_SINGLE, rank = 0, size = 1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  int exit_code = 1;
  Settings settings;
  const auto complain = [&](const std::exception_ptr& error) {
    if (rank == 0) std::cerr << "ashlar: " << error_kind(error) << ": " << error_message(error) << std::endl;
  };
  try {
    require_threads();
    if (const char* launched = std::getenv("OMPI_COMM_WORLD_SIZE"); launched && size == 1 && std::atoi(launched) > 1)
      throw MpiError(std::string("the launcher started ") + launched + " ranks and MPI sees one: launcher and MPI library do not belong together");
    settings = read_settings(argc, argv);
    if (settings.help) {
      if (rank == 0) std::cout << settings_help();
      exit_code = 0;
    } else {
      const Outcome outcome = run_job(MPI_COMM_WORLD, settings, [&](SchedulerLoop& loop) {
        signals.listen(loop);
        struct Stop {
          Signals& signals;
          ~Stop() { signals.stop(); }
        } stop{signals};
        return run_body(loop, body);
      });
      if (outcome.error) complain(outcome.error);
      exit_code = outcome.exit_code;
    }
  } catch (...) {
    complain(std::current_exception());
  }
  if (rank == 0) write_outcome(settings, exit_code);
  MPI_Finalize();
  return exit_code;
}

int attach_program(MPI_Comm comm, const std::function<int(Client&)>& body) {
  require_threads();
  int argc = 0;
  char** argv = nullptr;
  const Outcome outcome = run_job(comm, read_settings(argc, argv), [&](SchedulerLoop& loop) { return run_body(loop, body); });
  if (outcome.error) std::rethrow_exception(outcome.error);
  return outcome.exit_code;
}

}  // namespace ashlar::detail
