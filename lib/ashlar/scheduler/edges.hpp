#pragma once
// Lists of task ids inside task records: two in place, more in blocks of a slab. A million records cost no allocation of their own,
// and what ended tasks had is given back by the page.

#include <array>
#include <cstdint>

#include "ashlar/protocol/ids.hpp"

namespace ashlar::scheduler {

/// Blocks of 4, 8, 16, … ids, in pages that hold blocks of one size; larger than a page holds well: from the system.
class EdgeSlab {
 public:
  EdgeSlab() = default;
  ~EdgeSlab();
  EdgeSlab(const EdgeSlab&) = delete;
  EdgeSlab& operator=(const EdgeSlab&) = delete;

  /// `capacity`: a power of two from 4 on, the same when it is released.
  TaskId* allocate(std::uint32_t capacity);
  void release(TaskId* block, std::uint32_t capacity) noexcept;
  /// Blocks in use, and bytes of all pages and large blocks.
  std::int64_t blocks() const { return blocks_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  struct Page;
  static constexpr std::size_t page_bytes = std::size_t{1} << 16;
  static constexpr std::uint32_t smallest = 4, largest = 2048;
  static constexpr std::size_t classes = 10;  // 4 … 2048
  void unlink(Page* page, std::size_t size_class) noexcept;

  std::array<Page*, classes> open_{};  ///< pages with a free block, newest first
  std::int64_t blocks_ = 0, bytes_ = 0;
};

/// A list of ids. Owns its block; every change of size is told the slab it is from.
class EdgeList {
 public:
  EdgeList() {}
  EdgeList(const EdgeList&) = delete;
  EdgeList& operator=(const EdgeList&) = delete;

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool in_block() const { return !is_inside(); }
  const TaskId* begin() const { return is_inside() ? inside_ : block_.ids; }
  const TaskId* end() const { return begin() + size_; }
  TaskId operator[](std::size_t i) const { return begin()[i]; }

  void push_back(EdgeSlab& slab, TaskId id) {
    if (size_ == (is_inside() ? 2 : block_.capacity)) grow(slab);
    ids()[size_++] = id;
  }
  /// Keeps those for which `keep(id)`, in order; gives the block back when few are left.
  template <class Keep>
  void keep_if(EdgeSlab& slab, Keep&& keep) {
    TaskId* const all = ids();
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < size_; ++i)
      if (const TaskId id = all[i]; keep(id)) all[kept++] = id;
    size_ = kept;
    if (!is_inside() && size_ * 4 <= block_.capacity) shrink(slab);
  }
  void clear(EdgeSlab& slab) noexcept {
    if (!is_inside()) slab.release(block_.ids, block_.capacity);
    inside_[0] = inside_[1] = TaskId();
    size_ = 0;
    outside_ = 0;
  }

 private:
  struct Block {
    TaskId* ids;
    std::uint32_t capacity;
  };
  bool is_inside() const { return outside_ == 0; }
  TaskId* ids() { return is_inside() ? inside_ : block_.ids; }
  void grow(EdgeSlab& slab);
  void shrink(EdgeSlab& slab);
  void move_to(EdgeSlab& slab, std::uint32_t capacity);

  union {
    TaskId inside_[2] = {TaskId(), TaskId()};
    Block block_;
  };
  std::uint32_t size_ : 31 = 0;
  std::uint32_t outside_ : 1 = 0;
};

}  // namespace ashlar::scheduler
