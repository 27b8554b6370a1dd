#include "ashlar/mpi/doorbells.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>

#include "ashlar/base/error.hpp"
#include "ashlar/mpi/check.hpp"

namespace ashlar::mpi {
namespace {

// Shared between processes: no FUTEX_PRIVATE_FLAG.
long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* timeout, std::uint32_t who) {
  static_assert(sizeof word == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free);
  return syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, timeout, nullptr, who);
}

}  // namespace

Doorbells::Doorbells(MPI_Comm comm) {
  int rank = 0, size = 1, rank_here = 0, ranks_here = 1;
  check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  MPI_Comm host = MPI_COMM_NULL;
  check(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host), "MPI_Comm_split_type");
  check(MPI_Comm_rank(host, &rank_here), "MPI_Comm_rank");
  check(MPI_Comm_size(host, &ranks_here), "MPI_Comm_size");
  std::vector<int> members(static_cast<std::size_t>(ranks_here));
  check(MPI_Allgather(&rank, 1, MPI_INT, members.data(), 1, MPI_INT, host), "MPI_Allgather");
  map(host, ranks_here, rank_here);
  MPI_Comm_free(&host);
  bell_of_.assign(static_cast<std::size_t>(size), nullptr);
  for (int i = 0; i < ranks_here; ++i) bell_of_[static_cast<std::size_t>(members[static_cast<std::size_t>(i)])] = reached_by_all_ || i == rank_here ? &bells_[i] : nullptr;
  own_ = &bells_[rank_here];
  reached_by_all_ = reached_by_all_ && ranks_here == size;
}

// One object for the host, made by its first rank, opened by the others, and without a name again before anybody goes on. Where shared
// memory is not to be had (a container without /dev/shm) each rank has bells of its own, and looks for messages by itself.
void Doorbells::map(MPI_Comm host, int ranks_here, int rank_here) {
  nbytes_ = sizeof(Bell) * static_cast<std::size_t>(ranks_here);
  char name[64] = "";
  int file = -1;
  if (rank_here == 0) {
    static std::atomic<int> made{0};
    std::snprintf(name, sizeof name, "/ashlar-bells-%d-%d", static_cast<int>(getpid()), made.fetch_add(1));
    file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    // Written, not only sized: a full /dev/shm must show here and not as a fault later.
    const std::vector<char> zeros(nbytes_);
    if (file >= 0 && write(file, zeros.data(), nbytes_) != static_cast<ssize_t>(nbytes_)) {
      close(file);
      file = -1;
      shm_unlink(name);
    }
  }
  check(MPI_Bcast(name, sizeof name, MPI_CHAR, 0, host), "MPI_Bcast");
  if (rank_here != 0) file = shm_open(name, O_RDWR, 0);
  void* memory = file >= 0 ? mmap(nullptr, nbytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  if (file >= 0) close(file);
  int mine = memory != MAP_FAILED, all = 0;
  check(MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, host), "MPI_Allreduce");
  if (rank_here == 0) shm_unlink(name);
  if (all == 0) {
    if (memory != MAP_FAILED) munmap(memory, nbytes_);
    memory = mmap(nullptr, nbytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw MpiError("no memory for " + std::to_string(nbytes_) + " bytes: " + std::strerror(errno));
  }
  bells_ = static_cast<Bell*>(memory);  // zeros are what a new Bell is
  reached_by_all_ = all != 0;
}

Doorbells::~Doorbells() {
  if (bells_) munmap(bells_, nbytes_);
}

void Doorbells::ring_bell(Bell& bell) {
  bell.rings.fetch_add(1, std::memory_order_seq_cst);
  if (const std::uint32_t who = bell.asleep.load(std::memory_order_seq_cst); who != 0) futex(bell.rings, FUTEX_WAKE_BITSET, INT_MAX, nullptr, who);
}

void Doorbells::ring(int rank) {
  Bell* bell = bell_of_[static_cast<std::size_t>(rank)];
  if (!bell) return;
  bell->messages.fetch_add(1, std::memory_order_release);
  ring_bell(*bell);
}

std::uint32_t Doorbells::begin(Sleeper who) {
  own_->asleep.fetch_or(who, std::memory_order_seq_cst);
  return own_->rings.load(std::memory_order_seq_cst);
}

void Doorbells::sleep(Sleeper who, std::uint32_t begun, std::chrono::nanoseconds at_most) {
  // FUTEX_WAIT_BITSET takes the time at which to end.
  timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  const std::int64_t nanoseconds = until.tv_nsec + at_most.count() % 1'000'000'000;
  until.tv_sec += static_cast<time_t>(at_most.count() / 1'000'000'000 + nanoseconds / 1'000'000'000);
  until.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
  futex(own_->rings, FUTEX_WAIT_BITSET, begun, &until, who);
}

void Doorbells::end(Sleeper who) { own_->asleep.fetch_and(~static_cast<std::uint32_t>(who), std::memory_order_release); }

void Doorbells::wake(Sleeper who) { futex(own_->rings, FUTEX_WAKE_BITSET, INT_MAX, nullptr, who); }

}  // namespace ashlar::mpi
