#pragma once
// Records by increasing id. Ids are never used again; pages whose records are all erased go back to the system (one is kept, or a
// client that submits one task at a time would pay for a page each), so a long run costs memory for what is alive only.
// For ids that lie close together; where they are far apart, IdTable.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace ashlar {

template <class Record>
class PagedTable {
 public:
  static constexpr std::int64_t page_records = 1024;

  /// The record of `id`; null when there is none.
  Record* find(std::int64_t id) {
    if (id < 0 || id / page_records >= static_cast<std::int64_t>(pages_.size())) return nullptr;
    Page* page = pages_[static_cast<std::size_t>(id / page_records)].get();
    if (!page || !page->present(id % page_records)) return nullptr;
    return page->at(id % page_records);
  }
  const Record* find(std::int64_t id) const { return const_cast<PagedTable*>(this)->find(id); }

  /// The record of `id`, default-constructed if it was not there.
  Record& operator[](std::int64_t id) {
    const auto number = static_cast<std::size_t>(id / page_records);
    if (number >= pages_.size()) pages_.resize(number + 1);
    if (!pages_[number]) pages_[number] = spare_ ? std::move(spare_) : std::make_unique_for_overwrite<Page>();
    Page& page = *pages_[number];
    const std::int64_t i = id % page_records;
    if (!page.present(i)) {
      new (page.memory + static_cast<std::size_t>(i) * sizeof(Record)) Record();
      page.flip(i);
      ++page.live;
      ++size_;
    }
    return *page.at(i);
  }

  void erase(std::int64_t id) {
    Record* record = find(id);
    if (!record) return;
    auto& page = pages_[static_cast<std::size_t>(id / page_records)];
    record->~Record();
    page->flip(id % page_records);
    --size_;
    if (--page->live == 0) spare_ = std::move(page);
  }

  std::int64_t size() const { return size_; }

  /// Calls f(id, record) in the order of ids.
  template <class F>
  void for_each(F&& f) {
    for (std::size_t number = 0; number < pages_.size(); ++number) {
      for (std::int64_t i = 0; pages_[number] && i < page_records; ++i)
        if (pages_[number]->present(i)) f(static_cast<std::int64_t>(number) * page_records + i, *pages_[number]->at(i));
    }
  }
  template <class F>
  void for_each(F&& f) const {
    const_cast<PagedTable*>(this)->for_each([&](std::int64_t id, const Record& record) { f(id, record); });
  }

 private:
  struct Page {
    alignas(Record) std::byte memory[sizeof(Record) * page_records];
    std::uint64_t bits[page_records / 64] = {};
    std::int64_t live = 0;
    bool present(std::int64_t i) const { return (bits[i / 64] >> (i % 64) & 1) != 0; }
    void flip(std::int64_t i) { bits[i / 64] ^= std::uint64_t{1} << (i % 64); }
    Record* at(std::int64_t i) { return std::launder(reinterpret_cast<Record*>(memory + static_cast<std::size_t>(i) * sizeof(Record))); }
    ~Page() {
      for (std::int64_t i = 0; i < page_records; ++i)
        if (present(i)) at(i)->~Record();
    }
  };
  std::vector<std::unique_ptr<Page>> pages_;
  std::unique_ptr<Page> spare_;
  std::int64_t size_ = 0;
};

}  // namespace ashlar
