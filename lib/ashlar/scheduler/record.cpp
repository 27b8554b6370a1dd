#include "ashlar/scheduler/record.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>
#include <string_view>

#include "ashlar/base/error.hpp"
#include "ashlar/scheduler/event_code.hpp"
#include "ashlar/scheduler/fields_detail.hpp"

namespace ashlar::scheduler {
namespace {

constexpr std::string_view magic = "ashlar record\n";
constexpr std::uint32_t head_kind = 1, events_kind = 2, end_kind = 3;
constexpr std::size_t block_nbytes = std::size_t{1} << 16;
constexpr std::uint32_t block_nbytes_max = std::uint32_t{1} << 31;  // one event is never cut
constexpr TimeNs block_ns = 100'000'000;
constexpr std::uint8_t no_hash = 0, with_hash = 1;

template <class T>
void put_raw(Bytes& out, T value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

std::uint64_t checksum(const Bytes& bytes) {
  std::uint64_t sum = bytes.size(), word = 0;
  std::size_t i = 0;
  for (; i + sizeof word <= bytes.size(); i += sizeof word) {
    std::memcpy(&word, bytes.data() + i, sizeof word);
    sum = mixed(sum ^ word);
  }
  word = 0;
  if (i < bytes.size()) std::memcpy(&word, bytes.data() + i, bytes.size() - i);
  return mixed(sum ^ word);
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

std::string first_difference(const std::string& recorded, const std::string& ours) {
  const auto a = lines(recorded), b = lines(ours);
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    if (i >= a.size() || i >= b.size() || a[i] != b[i])
      return "recorded " + (i < a.size() ? a[i] : "nothing") + ", here " + (i < b.size() ? b[i] : "nothing");
  return "nothing";
}

}  // namespace

RecordWriter::RecordWriter(std::ostream& out, const Policy& policy) : out_(out) {
  out_.write(magic.data(), static_cast<std::streamsize>(magic.size()));
  out_.write(reinterpret_cast<const char*>(&record_version), sizeof record_version);
  Bytes head;
  fields::put(head, event_schema());
  encode(head, policy);
  block(head_kind, head);
}

void RecordWriter::block(std::uint32_t kind, const Bytes& payload) {
  Bytes head;
  put_raw(head, kind);
  put_raw(head, static_cast<std::uint32_t>(payload.size()));
  put_raw(head, checksum(payload));
  out_.write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(head.size()));
  out_.write(reinterpret_cast<const char*>(payload.data()), static_cast<std::streamsize>(payload.size()));
  out_.flush();
}

void RecordWriter::event(const Event& event) {
  if (finished_ || !good()) return;
  if (pending_.empty()) block_begin_ = event.now;
  encode(pending_, event, last_);
  last_ = event.now;
  ++events_;
  open_ = true;
}

void RecordWriter::commands(const std::vector<Command>& commands) {
  if (!open_) return;
  open_ = false;
  for (const Command& command : commands) hash_.add(command);
  pending_.push_back(static_cast<std::byte>(with_hash));
  put_raw(pending_, static_cast<std::uint32_t>(hash_.value()));
  if (pending_.size() >= block_nbytes || last_ - block_begin_ >= block_ns) flush();
}

void RecordWriter::flush() {
  if (pending_.empty() || open_ || finished_ || !good()) return;
  block(events_kind, pending_);
  pending_.clear();
}

void RecordWriter::finish(const std::string& how) {
  if (finished_) return;
  // The machine did not come back from this one.
  if (std::exchange(open_, false)) pending_.push_back(static_cast<std::byte>(no_hash));
  flush();
  Bytes end;
  put_raw(end, static_cast<std::uint64_t>(events_));
  put_raw(end, hash_.value());
  fields::put(end, how);
  if (good()) block(end_kind, end);
  finished_ = true;
}

// ---- reading

RecordReader::RecordReader(std::istream& in) : in_(in) {
  std::string start(magic.size(), '\0');
  std::uint32_t version = 0;
  if (!in_.read(start.data(), static_cast<std::streamsize>(start.size())) || start != magic)
    throw IoError("not a record: it does not begin with \"ashlar record\"");
  if (!in_.read(reinterpret_cast<char*>(&version), sizeof version)) throw IoError("the record ends in its first line");
  if (version != record_version)
    throw IoError("a record of another version: wanted " + std::to_string(record_version) + ", found " + std::to_string(version));
  offset_ = static_cast<std::int64_t>(magic.size() + sizeof version);
  if (block() != head_kind) damaged("the first block is not the head");
  Reader head(payload_);
  try {
    std::string schema;
    fields::get(head, schema);
    if (schema != event_schema())
      throw IoError("the record was made by a build with other events: " + first_difference(schema, event_schema()));
    policy_ = decode_policy(head);
  } catch (const InternalError& e) {
    damaged(e.what());
  }
  payload_.clear();
}

void RecordReader::damaged(const std::string& what) const {
  throw IoError("the record is damaged after " + std::to_string(events_) + " events, in the block before byte " + std::to_string(offset_) +
                ": " + what);
}

std::uint32_t RecordReader::block() {
  const auto early = [&]() {
    throw IoError("the record ends early, after " + std::to_string(events_) +
                  " whole events: the job that wrote it was killed, or the file was cut");
  };
  struct {
    std::uint32_t kind, nbytes;
    std::uint64_t checksum;
  } head;
  if (!in_.read(reinterpret_cast<char*>(&head), sizeof head)) early();
  offset_ += static_cast<std::int64_t>(sizeof head);
  if (head.kind < head_kind || head.kind > end_kind) damaged("no such block: " + std::to_string(head.kind));
  if (head.nbytes > block_nbytes_max) damaged("a block of " + std::to_string(head.nbytes) + " bytes");
  // In parts: a wrong length must not become an allocation of that size.
  payload_.clear();
  at_ = 0;
  while (payload_.size() < head.nbytes) {
    const std::size_t had = payload_.size(), part = std::min<std::size_t>(head.nbytes - had, std::size_t{1} << 20);
    payload_.resize(had + part);
    if (!in_.read(reinterpret_cast<char*>(payload_.data() + had), static_cast<std::streamsize>(part))) early();
    offset_ += static_cast<std::int64_t>(part);
  }
  if (checksum(payload_) != head.checksum) damaged("its checksum does not fit its bytes");
  return head.kind;
}

std::optional<RecordReader::Recorded> RecordReader::next() {
  if (ended_) return std::nullopt;
  if (at_ == payload_.size()) {
    const std::uint32_t kind = block();
    if (kind == head_kind) damaged("a second head");
    if (kind == end_kind) {
      Reader end(payload_);
      const auto events = static_cast<std::int64_t>(end.get<std::uint64_t>());
      hash_ = end.get<std::uint64_t>();
      fields::get(end, ending_);
      if (events != events_) damaged("the end counts " + std::to_string(events) + " events");
      ended_ = true;
      return std::nullopt;
    }
  }
  Reader in(std::span<const std::byte>(payload_).subspan(at_));
  Recorded recorded;
  try {
    recorded.number = events_;
    recorded.event = decode_event(in, last_);
    if (in.get<std::uint8_t>() == with_hash) recorded.hash = in.get<std::uint32_t>();
  } catch (const InternalError& e) {
    damaged(e.what());
  }
  at_ += in.position();
  last_ = recorded.event.now;
  ++events_;
  return recorded;
}

}  // namespace ashlar::scheduler
