#include "ashlar/runtime/run.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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

constexpr double patience_after_signal_s = 2;

// SIGINT and SIGTERM become an exception in the body's next wait for a result, so that files half written are removed. A body that
// does not wait is ended after a while. SIGQUIT prints who waits for what and ends nothing; so does
// SIGURG, which is what mpirun can pass on. On workers both are ignored.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGQUIT);
    sigaddset(&set_, SIGURG);
    sigaddset(&set_, SIGUSR2);  // ends the thread
    pthread_sigmask(SIG_BLOCK, &set_, &previous_);
    struct sigaction action {};
    action.sa_handler = pass_on;
    action.sa_flags = SA_RESTART;
    sigaction(SIGQUIT, &action, &previous_quit_);
    sigaction(SIGURG, &action, &previous_urg_);
  }
  ~Signals() {
    // What came meanwhile is delivered here, while it does no harm.
    pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
    sigaction(SIGQUIT, &previous_quit_, nullptr);
    sigaction(SIGURG, &previous_urg_, nullptr);
  }

  void listen(SchedulerLoop& loop) {
    thread_ = std::thread([this, &loop] {
      listener = static_cast<int>(syscall(SYS_gettid));
      int signal = SIGQUIT;
      while (asks(signal)) {
        sigwait(&set_, &signal);
        if (asks(signal)) signal = tell_waits(loop);
      }
      if (signal == SIGUSR2) return;
      received_ = true;
      loop.interrupt(std::string("ended by signal ") + (signal == SIGINT ? "SIGINT" : "SIGTERM"));
      const timespec patience{5, 0};
      int signal_again = 0;
      do {
        signal_again = sigtimedwait(&set_, nullptr, &patience);
      } while (asks(signal_again));
      if (signal_again == SIGUSR2) return;
      std::fprintf(stderr, "ashlar: ended by a signal\n");
      mpi::end_all_ranks(128 + signal);
    });
  }
  /// True when one came.
  bool stop() {
    if (!thread_.joinable()) return false;
    listener = 0;
    pthread_kill(thread_.native_handle(), SIGUSR2);
    thread_.join();
    return received_;
  }

 private:
  static bool asks(int signal) { return signal == SIGQUIT || signal == SIGURG; }
  // Libraries may have started threads before main, which do not block these signals: one of them gets it then. Nobody listens on workers.
  static inline std::atomic<int> listener{0};
  static void pass_on(int signal) {
    const int saved = errno, thread = listener;
    if (thread > 0) syscall(SYS_tgkill, getpid(), thread, signal);
    errno = saved;
  }
  // Returns the signal that came meanwhile; SIGQUIT when none did.
  int tell_waits(SchedulerLoop& loop) {
    const int before = loop.waits_told();
    loop.tell_waits();
    const timespec patience{6, 0};
    const int signal = sigtimedwait(&set_, nullptr, &patience);
    if (signal > 0) return signal;
    if (loop.waits_told() == before) std::fprintf(stderr, "ashlar: who waits for what cannot be told: the scheduler has not answered within 6 s\n");
    return SIGQUIT;
  }

  sigset_t set_, previous_;
  struct sigaction previous_quit_, previous_urg_;
  bool received_ = false;  // the thread's, until it is joined
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

std::string text_of(const std::exception_ptr& error) { return error_kind(error) + ": " + error_message(error); }

// Reads the settings on every rank. What went wrong, on any of them, is the same text everywhere; empty: nothing did.
std::string read_together(MPI_Comm comm, int& argc, char**& argv, Settings& settings) {
  std::string own;
  try {
    settings = read_settings(argc, argv);
  } catch (...) {
    own = text_of(std::current_exception());
  }
  return mpi::first_complaint(comm, own);
}

}  // namespace

int run_program(int& argc, char**& argv, const std::function<int(Client&)>& body) {
  mpi::prepare_environment();
  Signals signals;
  const mpi::World world = mpi::start(argc, argv);
  int exit_code = 1;
  Settings settings;
  const auto complain = [&](const std::string& text) {
    if (world.rank == 0) std::cerr << "ashlar: " << text << std::endl;
  };
  try {
    mpi::require_thread_support();
    mpi::require_own_launcher(world);
    if (const std::string complaint = read_together(MPI_COMM_WORLD, argc, argv, settings); !complaint.empty()) {
      complain(complaint);
    } else if (settings.help) {
      if (world.rank == 0) std::cout << settings_help() << std::flush;
      exit_code = 0;
    } else {
      const Outcome outcome = run_job(MPI_COMM_WORLD, settings, [&](SchedulerLoop& loop) {
        signals.listen(loop);
        struct Stop {
          Signals& signals;
          Settings& settings;
          ~Stop() {
            // Somebody is waiting for the program to go away: tasks that still run get little time.
            if (signals.stop()) settings.shutdown_patience_s = std::min(settings.shutdown_patience_s, patience_after_signal_s);
          }
        } stop{signals, settings};
        return run_body(loop, body);
      });
      if (outcome.error) complain(text_of(outcome.error));
      exit_code = outcome.exit_code;
    }
  } catch (...) {
    complain(text_of(std::current_exception()));
  }
  if (world.rank == 0) write_outcome(settings, exit_code);
  mpi::finish();
  return exit_code;
}

int attach_program(MPI_Comm comm, const std::function<int(Client&)>& body) {
  mpi::require_thread_support();
  int argc = 0;
  char** argv = nullptr;
  Settings settings;
  if (const std::string complaint = read_together(comm, argc, argv, settings); !complaint.empty()) throw ValueError(complaint);
  const Outcome outcome = run_job(comm, settings, [&](SchedulerLoop& loop) { return run_body(loop, body); });
  if (outcome.error) std::rethrow_exception(outcome.error);
  return outcome.exit_code;
}

}  // namespace ashlar::detail
