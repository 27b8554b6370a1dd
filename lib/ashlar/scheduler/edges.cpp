#include "ashlar/scheduler/edges.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace ashlar::scheduler {

// At the beginning of its memory, which lies at a multiple of the page size: a block finds its page by its address.
struct EdgeSlab::Page {
  Page *previous = nullptr, *next = nullptr;
  TaskId* freed = nullptr;  ///< blocks that were given back; each holds the next one's address
  std::uint32_t fresh = 0;  ///< blocks from here on were never given out
  std::uint32_t live = 0;
  bool listed = false;

  static constexpr std::size_t header = 64;
  static std::uint32_t count(std::size_t size_class) {
    return static_cast<std::uint32_t>((page_bytes - header) / (sizeof(TaskId) * (std::size_t{smallest} << size_class)));
  }
  TaskId* block(std::uint32_t number, std::size_t size_class) {
    return reinterpret_cast<TaskId*>(reinterpret_cast<std::byte*>(this) + header) + (std::size_t{number} * smallest << size_class);
  }
};

EdgeSlab::~EdgeSlab() {
  for (Page* page : open_)
    while (page) std::free(std::exchange(page, page->next));
}

TaskId* EdgeSlab::allocate(std::uint32_t capacity) {
  ++blocks_;
  if (capacity > largest) {
    bytes_ += static_cast<std::int64_t>(capacity * sizeof(TaskId));
    return static_cast<TaskId*>(::operator new(capacity * sizeof(TaskId)));
  }
  const auto size_class = static_cast<std::size_t>(std::countr_zero(capacity / smallest));
  Page*& open = open_[size_class];
  if (!open) {
    void* memory = std::aligned_alloc(page_bytes, page_bytes);
    if (!memory) throw std::bad_alloc();
    bytes_ += static_cast<std::int64_t>(page_bytes);
    open = new (memory) Page;
    open->listed = true;
  }
  Page* page = open;
  ++page->live;
  TaskId* block;
  if (page->freed) {
    block = page->freed;
    page->freed = reinterpret_cast<TaskId*>(block[0].value());
  } else {
    block = page->block(page->fresh++, size_class);
  }
  if (!page->freed && page->fresh == Page::count(size_class)) unlink(page, size_class);
  return block;
}

void EdgeSlab::unlink(Page* page, std::size_t size_class) noexcept {
  (page->previous ? page->previous->next : open_[size_class]) = page->next;
  if (page->next) page->next->previous = page->previous;
  page->previous = page->next = nullptr;
  page->listed = false;
}

void EdgeSlab::release(TaskId* block, std::uint32_t capacity) noexcept {
  --blocks_;
  if (capacity > largest) {
    bytes_ -= static_cast<std::int64_t>(capacity * sizeof(TaskId));
    ::operator delete(block);
    return;
  }
  const auto size_class = static_cast<std::size_t>(std::countr_zero(capacity / smallest));
  auto* page = reinterpret_cast<Page*>(reinterpret_cast<std::uintptr_t>(block) & ~(page_bytes - 1));
  block[0] = TaskId(static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(page->freed)));
  page->freed = block;
  --page->live;
  if (!page->listed) {
    page->next = open_[size_class];
    if (page->next) page->next->previous = page;
    open_[size_class] = page;
    page->listed = true;
  }
  // The last page with room stays: a client that submits one task at a time would pay for a page each.
  if (page->live > 0 || (!page->next && !page->previous)) return;
  unlink(page, size_class);
  std::free(page);
  bytes_ -= static_cast<std::int64_t>(page_bytes);
}

void EdgeList::move_to(EdgeSlab& slab, std::uint32_t capacity) {
  TaskId* ids = slab.allocate(capacity);
  std::copy(begin(), end(), ids);
  if (!is_inside()) slab.release(block_.ids, block_.capacity);
  block_ = {ids, capacity};
  outside_ = 1;
}

void EdgeList::grow(EdgeSlab& slab) { move_to(slab, is_inside() ? 4 : block_.capacity * 2); }

void EdgeList::shrink(EdgeSlab& slab) {
  if (size_ > 2) {
    const std::uint32_t capacity = std::bit_ceil(size_ + 1u);
    move_to(slab, std::max<std::uint32_t>(capacity, 4));
    return;
  }
  const Block block = block_;
  TaskId kept[2] = {TaskId(), TaskId()};
  std::copy(block.ids, block.ids + size_, kept);
  inside_[0] = kept[0];
  inside_[1] = kept[1];
  outside_ = 0;
  slab.release(block.ids, block.capacity);
}

}  // namespace ashlar::scheduler
