#include "ashlar/transport/in_process.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace ashlar {
namespace {

struct Inbox {
  std::mutex mutex;
  std::condition_variable changed, changed_apart;
  std::vector<Arrival> arrivals;
  bool woken = false;
  bool apart = false, relieved = false;  ///< a thread waits apart; another has its place
  bool something() const { return woken || !arrivals.empty(); }
  void notify() {
    changed.notify_one();
    if (apart && !relieved) changed_apart.notify_one();
  }
};

class InProcessTransport final : public Transport {
 public:
  InProcessTransport(int rank, std::shared_ptr<std::vector<Inbox>> inboxes) : rank_(rank), inboxes_(std::move(inboxes)) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(inboxes_->size()); }

  void send(int to, Parcel parcel) override {
    Inbox& inbox = inboxes_->at(static_cast<std::size_t>(to));
    {
      std::lock_guard lock(inbox.mutex);
      inbox.arrivals.push_back({rank_, std::move(parcel)});
      inbox.notify();
    }
  }

  bool receive(std::vector<Arrival>& arrived) override {
    Inbox& inbox = own();
    std::lock_guard lock(inbox.mutex);
    if (inbox.arrivals.empty()) return false;
    if (arrived.empty())
      arrived.swap(inbox.arrivals);
    else
      for (Arrival& a : inbox.arrivals) arrived.push_back(std::move(a));
    inbox.arrivals.clear();
    return true;
  }

  void wait(std::chrono::nanoseconds at_most) override {
    Inbox& inbox = own();
    std::unique_lock lock(inbox.mutex);
    inbox.changed.wait_for(lock, at_most, [&] { return inbox.something(); });
    inbox.woken = false;
  }

  void wait_apart(std::unique_lock<std::mutex>& in_use, std::chrono::nanoseconds at_most) override {
    Inbox& inbox = own();
    std::unique_lock lock(inbox.mutex);
    inbox.apart = true;
    inbox.relieved = false;
    in_use.unlock();
    inbox.changed_apart.wait_for(lock, at_most, [&] { return !inbox.relieved && inbox.something(); });
    if (!inbox.relieved) inbox.woken = false;
    inbox.apart = false;
    lock.unlock();
    in_use.lock();
  }

  bool relieve() override {
    std::lock_guard lock(own().mutex);
    return own().relieved = own().apart;
  }

  void hand_back() override {
    std::lock_guard lock(own().mutex);
    own().relieved = false;
    if (own().something()) own().notify();
  }

  void wake() override {
    Inbox& inbox = own();
    {
      std::lock_guard lock(inbox.mutex);
      inbox.woken = true;
      inbox.notify();
    }
  }

  std::chrono::nanoseconds longest_wait() const override { return std::chrono::milliseconds(100); }

  bool sent_all() const override { return true; }

  void finish() override {
    Inbox& inbox = own();
    std::lock_guard lock(inbox.mutex);
    inbox.arrivals.clear();
  }

 private:
  Inbox& own() { return (*inboxes_)[static_cast<std::size_t>(rank_)]; }
  int rank_;
  std::shared_ptr<std::vector<Inbox>> inboxes_;
};

}  // namespace

std::vector<std::unique_ptr<Transport>> in_process_transports(int size) {
  auto inboxes = std::make_shared<std::vector<Inbox>>(static_cast<std::size_t>(size));
  std::vector<std::unique_ptr<Transport>> all;
  for (int rank = 0; rank < size; ++rank) all.push_back(std::make_unique<InProcessTransport>(rank, inboxes));
  return all;
}

}  // namespace ashlar
