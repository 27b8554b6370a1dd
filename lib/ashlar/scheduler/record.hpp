#pragma once
// A record of a run: every event the scheduler's machine was given, and a hash of what it answered. Fed to the machine again, it must give
// the same commands. The streams are the caller's.
//
// Layout, integers little endian:
//   "ashlar record\n", u32 version
//   blocks: u32 kind, u32 nbytes, u64 checksum of the payload, payload
//     kind 1, the first: the schema of events (text), the policy
//     kind 2: events, each followed by the low 32 bits of the hash of all commands so far
//     kind 3, the last: number of events (u64), hash (u64), how it ended (text; empty: as it should)
// A job that is killed leaves whole blocks and no last one.

#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/scheduler/command_hash.hpp"
#include "ashlar/scheduler/event.hpp"
#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {

inline constexpr std::uint32_t record_version = 1;

/// Called around the machine's `handle`. What cannot be written ends the record, never the job: see `good`.
/// Cost    some 10 bytes and 50 ns for each task of an event.
class RecordWriter {
 public:
  RecordWriter(std::ostream& out, const Policy& policy);

  /// Before the machine handles the event.
  void event(const Event& event);
  /// After it has, with exactly the commands of that event.
  void commands(const std::vector<Command>& commands);
  /// Writes what is complete; a killed job loses what came after.
  void flush();
  /// Once, at the end. `how`: empty, or the error that ended the machine.
  void finish(const std::string& how = "");

  bool good() const { return out_.good(); }
  std::int64_t events() const { return events_; }

 private:
  void block(std::uint32_t kind, const Bytes& payload);
  std::ostream& out_;
  Bytes pending_;
  CommandHash hash_;
  TimeNs last_ = 0, block_begin_ = 0;
  std::int64_t events_ = 0;
  bool open_ = false, finished_ = false;
};

class RecordReader {
 public:
  /// Errors    IoError: no record, one of another version, or of a build with other events (names the first that differs).
  explicit RecordReader(std::istream& in);

  const Policy& policy() const { return policy_; }

  struct Recorded {
    std::int64_t number = 0;  ///< of the event, from 0
    Event event;
    std::optional<std::uint32_t> hash;  ///< of all commands up to here; none when the machine did not come back from the event
  };
  /// The next event; nothing at the end.
  /// Errors    IoError for damaged bytes and for a record that ends early, with the number of the last event that is whole.
  std::optional<Recorded> next();

  // After the end.
  std::uint64_t hash() const { return hash_; }
  const std::string& ending() const { return ending_; }

 private:
  std::uint32_t block();
  [[noreturn]] void damaged(const std::string& what) const;
  std::istream& in_;
  Policy policy_;
  Bytes payload_;
  std::size_t at_ = 0;
  std::int64_t offset_ = 0, events_ = 0;
  TimeNs last_ = 0;
  std::uint64_t hash_ = 0;
  std::string ending_;
  bool ended_ = false;
};

}  // namespace ashlar::scheduler
