#pragma once
// What tasks and the client ask of rank 0 beyond what the client does itself: the numbers inside TaskRequest and TaskAnswer.
//
// Names. A task must not wait for rank 0 to learn what its new results are called, so the worker names them: -1 - (worker * 2^40 + n).
// Results that the client made are named by their task. Rank 0 keeps who holds which name (`ResultNames`).

#include <cstdint>

#include "ashlar/base/bytes.hpp"
#include "ashlar/protocol/ids.hpp"

namespace ashlar {

enum class Ask : std::uint8_t {
  submit,      ///< a graph (`graph_wire.hpp`)
  scatter,     ///< n, n x i64 name, n x object
  release,     ///< i64 name: one holder on this worker less
  hold,        ///< i64 name: one more; read from bytes that somebody keeps
  claim,       ///< i64 name: one more; read from bytes that were under way
  under_way,   ///< i64 name: was written into bytes that will be read once
  value,       ///< i64 name: its value is wanted
  waits,       ///< i64 task: it has begun to wait
  cancel,      ///< i64 name
  retry,       ///< i64 name
  run,         ///< u8 collective, n x i32 workers (none: all), operation, payload; answered with n x object
  sync,        ///< answered when all before it has been taken
  ended,       ///< i64 holder: the task has ended, what it still holds of locks and semaphores is free
  coordinate,  ///< a request of `coordination`
  workers,     ///< answered with what the client knows of the workers
  shelf,       ///< datasets, metadata and events (`ShelfAsk`)
  tasks,       ///< of the results that come along (none: of all): answered with n x (key, state, i32 rank, i64 bytes, n x i32 ranks with copies)
  scatter_to,  ///< n x i32 workers, u8 every one of them gets each value, else they take turns; n, n x object; answered with n x result
  copies,      ///< u8 to be moved, else i32 copies of each in all (0: everywhere); of the results that come along; answered when it is done
  run_here,    ///< a payload of `run_operation`, to be run on rank 0; answered with an object
  story,       ///< of the result that comes along, or of a key: answered with text
};

enum class Answer : std::uint8_t {
  value,    ///< of request `number`: n x i64 names that it keeps under way, then its bytes
  failed,   ///< of request `number`: an error
  settled,  ///< i64 name, u8 status, u8 failed, error: a result is no longer pending
};

inline std::int64_t made_name(int worker, std::int64_t n) { return -1 - ((static_cast<std::int64_t>(worker) << 40) + n); }

inline void put_parcel(Writer& out, const Parcel& parcel) {
  out.put(static_cast<std::uint32_t>(parcel.buffers.size()));
  out.array(std::span<const std::byte>(parcel.head));
  for (const Buffer& buffer : parcel.buffers) out.buffer(buffer);
}
inline Parcel get_parcel(Reader& in) {
  Parcel parcel;
  const auto buffers = in.get<std::uint32_t>();
  parcel.head = in.array<std::byte>();
  for (std::uint32_t i = 0; i < buffers; ++i) parcel.buffers.push_back(in.buffer());
  return parcel;
}

}  // namespace ashlar
