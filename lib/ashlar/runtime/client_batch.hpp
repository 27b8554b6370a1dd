#pragma once
// The values of one `evaluate` on their way to rank 0: what a ClientResult is for one task, for many at a few bytes each. All fields
// are guarded by the shared mutex.

#include <cstdint>
#include <exception>
#include <map>
#include <vector>

#include "ashlar/base/paged_table.hpp"
#include "ashlar/graph/object.hpp"

namespace ashlar {

struct ClientBatch {
  struct Wanted {
    std::int32_t position;  ///< of the task in its submission
    std::int32_t slot;      ///< of its value in the answer
  };

  std::int64_t first = 0, tasks = 0;  ///< ids of the submission
  std::vector<Wanted> wanted;         ///< in order of position, each once; empty when all are wanted, in order
  bool all_in_order = false;
  PagedTable<Object> values;          ///< by slot
  std::map<std::int32_t, std::exception_ptr> errors;  ///< by slot; null: cancelled
  std::int32_t slots = 0;             ///< of the answer
  std::int32_t settled = 0;           ///< the slots before this one have their value

  /// Drops the list where it says nothing.
  void keep_no_list_of_all();
  /// Calls f(id) for every task whose value is wanted.
  template <class F>
  void for_each_wanted(F&& f) const {
    for (std::int64_t i = 0; all_in_order && i < tasks; ++i) f(first + i);
    for (const Wanted& one : wanted) f(first + one.position);
  }
  /// The slot of a task; -1 when its value is not wanted.
  std::int32_t slot_of(std::int64_t task) const;
  /// True when every slot has its value, or one erred and all before it have theirs. Amortised O(slots).
  bool ended();
};

}  // namespace ashlar
