#include "ashlar/mpi/mpi_transport.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>

#include "ashlar/mpi/check.hpp"
#include "ashlar/mpi/doorbells.hpp"

namespace ashlar {
namespace {

constexpr int head_tag = 1, part_tag = 2;
constexpr std::size_t part_bytes_max = std::size_t{1} << 30;
// A head above this travels as a part: the receiver allocates it once it knows its size anyway.
constexpr std::size_t head_bytes_max = std::size_t{16} << 20;

struct Sending {
  Bytes head;
  std::vector<Buffer> buffers;
  std::vector<MPI_Request> requests;
};

struct Receiving {
  Parcel parcel;
  Buffer long_head;
  std::vector<MPI_Request> requests;
};

std::shared_ptr<void> keep(Bytes bytes) { return std::make_shared<Bytes>(std::move(bytes)); }

class MpiTransport final : public Transport {
 public:
  explicit MpiTransport(MPI_Comm comm) {
    mpi::check(MPI_Comm_dup(comm, &comm_), "MPI_Comm_dup");
    mpi::check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    mpi::check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
    mpi::check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
    receiving_.resize(static_cast<std::size_t>(size_));
    heads_sent_.resize(static_cast<std::size_t>(size_));
    bells_ = std::make_unique<mpi::Doorbells>(comm_);
  }
  ~MpiTransport() override {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (!finalized) MPI_Comm_free(&comm_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void send(int to, Parcel parcel) override {
    if (to == rank_) {
      to_self_.push_back({rank_, std::move(parcel)});
      return;
    }
    Sending sending;
    const bool long_head = parcel.head.size() > head_bytes_max;
    if (long_head) {
      const std::size_t n = parcel.head.size();
      auto owner = keep(std::move(parcel.head));
      auto* memory = static_cast<Bytes*>(owner.get())->data();
      sending.buffers.push_back(Buffer::wrap(memory, n, std::move(owner)));
      parcel.head.clear();
    }
    for (Buffer& b : parcel.buffers) sending.buffers.push_back(std::move(b));
    Writer head;
    head.put(long_head);
    head.put(static_cast<std::uint32_t>(sending.buffers.size()));
    for (const Buffer& b : sending.buffers) head.put<std::uint64_t>(b.size());
    head.raw(parcel.head.data(), parcel.head.size());
    sending.head = std::move(head).take().head;

    auto& requests = sending.requests;
    ++heads_sent_[static_cast<std::size_t>(to)];
    requests.emplace_back();
    mpi::check(MPI_Isend(sending.head.data(), static_cast<int>(sending.head.size()), MPI_BYTE, to, head_tag, comm_, &requests.back()), "MPI_Isend");
    for (const Buffer& b : sending.buffers)
      for (std::size_t at = 0; at < b.size(); at += part_bytes_max) {
        requests.emplace_back();
        mpi::check(MPI_Isend(b.data() + at, static_cast<int>(std::min(part_bytes_max, b.size() - at)), MPI_BYTE, to, part_tag, comm_, &requests.back()), "MPI_Isend");
      }
    sending_.push_back(std::move(sending));
    bells_->ring(to);
  }

  bool receive(std::vector<Arrival>& arrived) override {
    const std::size_t before = arrived.size();
    bool moved = finish_sending();
    for (int n = 0; n < heads_per_turn && heads_expected(); ++n) {
      int found = 0;
      MPI_Message message;
      MPI_Status status;
      // Open MPI moves what has come into its queues after it has looked there, so the second look finds it.
      for (int look = 0; look < 2 && !found; ++look) mpi::check(MPI_Improbe(MPI_ANY_SOURCE, head_tag, comm_, &found, &message, &status), "MPI_Improbe");
      if (!found) break;
      take_head(message, status);
      moved = true;
    }
    for (std::size_t from = 0; from < receiving_.size(); ++from) {
      auto& queue = receiving_[from];
      // Only the first of a peer may be given out, so that parcels stay in order.
      while (!queue.empty() && complete(queue.front().requests)) {
        Receiving& r = queue.front();
        if (r.long_head) r.parcel.head.assign(r.long_head.data(), r.long_head.data() + r.long_head.size());
        arrived.push_back({static_cast<int>(from), std::move(r.parcel)});
        queue.pop_front();
      }
    }
    for (Arrival& a : to_self_) arrived.push_back(std::move(a));
    to_self_.clear();
    return moved || arrived.size() > before;
  }

  void wait(std::chrono::nanoseconds at_most) override {
    if (woken_.exchange(false)) return;
    // Short waits give the core to a rank that has work; a sleep would cost 50 us and more.
    if (at_most < std::chrono::microseconds(20)) {
      sched_yield();
      return;
    }
    const std::uint32_t begun = bells_->begin(mpi::Doorbells::with_transport);
    if (!something()) bells_->sleep(mpi::Doorbells::with_transport, begun, limited(at_most));
    bells_->end(mpi::Doorbells::with_transport);
    woken_ = false;
  }

  void wait_apart(std::unique_lock<std::mutex>& in_use, std::chrono::nanoseconds at_most) override {
    const std::uint32_t begun = bells_->begin(mpi::Doorbells::apart);
    if (!something()) {
      at_most = limited(at_most);
      apart_ = true;
      in_use.unlock();
      bells_->sleep(mpi::Doorbells::apart, begun, at_most);
      in_use.lock();
      apart_ = false;
    }
    bells_->end(mpi::Doorbells::apart);
    woken_ = false;
  }

  bool relieve() override {
    if (apart_) bells_->end(mpi::Doorbells::apart);
    return apart_;
  }

  void hand_back() override {
    finish_sending();  // small parcels have gone at once
    bells_->begin(mpi::Doorbells::apart);
    // It may have been about to sleep for long when there was nothing half sent.
    if (something() || !quiet()) bells_->wake(mpi::Doorbells::apart);
  }

  void wake() override {
    woken_ = true;
    bells_->ring_own();
  }

  std::chrono::nanoseconds longest_wait() const override { return bells_->reached_by_all() ? std::chrono::milliseconds(100) : poll_interval; }

  bool sent_all() const override { return sending_.empty() && to_self_.empty(); }

  // A large parcel leaves its sender only when its receiver takes it, and one that nobody took would turn up in the next
  // communicator that MPI gives the same number. So everybody learns how many parcels were sent to it, and takes them all.
  void finish() override {
    std::int64_t expected = 0;
    MPI_Request counting;
    mpi::check(MPI_Ireduce_scatter_block(heads_sent_.data(), &expected, 1, MPI_INT64_T, MPI_SUM, comm_, &counting), "MPI_Ireduce_scatter_block");
    std::vector<Arrival> dropped;
    for (int counted = 0; !counted || heads_taken_ < expected || !quiet();) {
      if (!counted) mpi::check(MPI_Test(&counting, &counted, MPI_STATUS_IGNORE), "MPI_Test");
      dropped.clear();
      if (!receive(dropped)) wait(std::chrono::nanoseconds(0));
    }
  }

 private:
  static constexpr int heads_per_turn = 64;
  static constexpr std::chrono::nanoseconds poll_interval = std::chrono::milliseconds(1);

  bool quiet() const {
    return sending_.empty() && to_self_.empty() && std::all_of(receiving_.begin(), receiving_.end(), [](const auto& queue) { return queue.empty(); });
  }

  // What was rung for and not found is on its way through MPI, and nobody will ring for it again.
  bool something() const { return woken_ || (bells_->reached_by_all() ? heads_expected() : found_one()); }

  // What is half sent or half received needs this rank to go on.
  std::chrono::nanoseconds limited(std::chrono::nanoseconds at_most) const { return quiet() ? at_most : std::min(at_most, poll_interval); }

  // Whether a look may find something. Every head is rung for once, after it was posted.
  bool heads_expected() const { return !bells_->reached_by_all() || bells_->rung() != static_cast<std::uint32_t>(heads_taken_); }

  bool found_one() const {
    int found = 0;
    mpi::check(MPI_Iprobe(MPI_ANY_SOURCE, head_tag, comm_, &found, MPI_STATUS_IGNORE), "MPI_Iprobe");
    return found != 0;
  }

  static bool complete(std::vector<MPI_Request>& requests) {
    if (requests.empty()) return true;
    int done = 0;
    mpi::check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE), "MPI_Testall");
    if (done) requests.clear();
    return done != 0;
  }

  bool finish_sending() {
    const std::size_t before = sending_.size();
    std::erase_if(sending_, [](Sending& s) { return complete(s.requests); });
    return sending_.size() < before;
  }

  void take_head(MPI_Message message, const MPI_Status& status) {
    int n = 0;
    mpi::check(MPI_Get_count(&status, MPI_BYTE, &n), "MPI_Get_count");
    Bytes bytes(static_cast<std::size_t>(n));
    // The head has arrived or is being sent by a living rank in bounded time: heads are small.
    MPI_Request request;
    mpi::check(MPI_Imrecv(bytes.data(), n, MPI_BYTE, &message, &request), "MPI_Imrecv");
    int done = 0;
    while (!done) mpi::check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");

    Reader in(bytes);
    const bool long_head = in.get<bool>();
    const auto buffers = in.get<std::uint32_t>();
    std::vector<std::uint64_t> sizes(buffers);
    for (auto& size : sizes) size = in.get<std::uint64_t>();
    Receiving r;
    for (std::uint32_t i = 0; i < buffers; ++i) {
      Buffer buffer = Buffer::allocate(sizes[i]);
      for (std::size_t at = 0; at < buffer.size(); at += part_bytes_max) {
        r.requests.emplace_back();
        mpi::check(MPI_Irecv(buffer.data() + at, static_cast<int>(std::min(part_bytes_max, buffer.size() - at)), MPI_BYTE, status.MPI_SOURCE, part_tag, comm_,
                             &r.requests.back()),
                   "MPI_Irecv");
      }
      if (i == 0 && long_head) r.long_head = std::move(buffer);
      else r.parcel.buffers.push_back(std::move(buffer));
    }
    if (!long_head) r.parcel.head.assign(bytes.begin() + static_cast<std::ptrdiff_t>(in.position()), bytes.end());
    ++heads_taken_;
    receiving_[static_cast<std::size_t>(status.MPI_SOURCE)].push_back(std::move(r));
  }

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  std::vector<std::int64_t> heads_sent_;  // by receiver
  std::int64_t heads_taken_ = 0;
  std::deque<Sending> sending_;
  std::vector<std::deque<Receiving>> receiving_;
  std::vector<Arrival> to_self_;
  std::unique_ptr<mpi::Doorbells> bells_;
  std::atomic<bool> woken_{false};
  bool apart_ = false;  // a thread sleeps in wait_apart, or wants the transport back
};

}  // namespace

std::unique_ptr<Transport> mpi_transport(MPI_Comm comm) { return std::make_unique<MpiTransport>(comm); }

}  // namespace ashlar
