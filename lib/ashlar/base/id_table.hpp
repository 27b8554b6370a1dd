#pragma once
// Records by id, where few ids of a wide range are alive at a time: what one worker knows of a job's million tasks.
// Records stay where they are until they are erased. For ids that lie close together, PagedTable.

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace ashlar {

template <class Record>
class IdTable {
 public:
  /// The record of `id`; null when there is none.
  Record* find(std::int64_t id) {
    const auto it = records_.find(id);
    return it == records_.end() ? nullptr : &it->second;
  }
  const Record* find(std::int64_t id) const { return const_cast<IdTable*>(this)->find(id); }

  /// The record of `id`, default-constructed if it was not there.
  Record& operator[](std::int64_t id) { return records_[id]; }
  void erase(std::int64_t id) { records_.erase(id); }
  std::int64_t size() const { return static_cast<std::int64_t>(records_.size()); }

  /// Calls f(id, record) in the order of ids. Cost: sorts them.
  template <class F>
  void for_each(F&& f) const {
    std::vector<std::int64_t> ids;
    ids.reserve(records_.size());
    for (const auto& [id, record] : records_) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    for (const std::int64_t id : ids) f(id, *find(id));
  }

 private:
  std::unordered_map<std::int64_t, Record> records_;
};

}  // namespace ashlar
