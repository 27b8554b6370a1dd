#pragma once
// The reductions of one run of a program: takes the strips of a value one after the other and ends with a Partial. Private to this floor.

#include <span>
#include <vector>

#include "ashlar/ndarray/program_steps_detail.hpp"
#include "ashlar/ndarray/program_strips_detail.hpp"

namespace ashlar {

class StripReduction {
 public:
  /// `origin`: the chunk's first index in the whole array, for positions.
  StripReduction(Reduction reduction, DType elements, std::span<const int> axes, const LinearIndex& position, const StripCut& cut, const Shape& shape,
                 std::span<const index_t> origin);

  bool needs_positions() const { return reduction_ == Reduction::argmin || reduction_ == Reduction::argmax; }
  /// True when a strip is one run of floats whose sum is all that is wanted of it.
  bool takes_sums() const {
    return (reduction_ == Reduction::sum || reduction_ == Reduction::mean) && groups_.size() == 1 && groups_[0].reduced;
  }

  /// `coordinates`: of the strip's first element, one per axis of the cut up to the split axis.
  void take(const std::byte* values, index_t rows, std::span<const index_t> coordinates);
  /// Instead of `take` where `takes_sums`: the strip's sum, made elsewhere.
  void take_sum(double sum, index_t rows, std::span<const index_t> coordinates);
  /// All strips of values that lie in C order, without asking anew for each where it belongs: for strips of few bytes that takes longer than their work.
  /// False, and nothing done, where the strips do not all go one simple way.
  bool take_all(const std::byte* values, const StripCut& cut);
  Partial finish();

 private:
  static constexpr int arrays_max = 3;
  struct State {
    void* arrays[arrays_max];
  };
  struct Group {  // neighbouring axes of a strip that are all reduced or all kept, innermost first
    index_t length;
    bool has_rows, reduced;
  };
  struct Place {
    index_t output, region;
  };

  index_t length(const Group& group, index_t rows) const { return group.has_rows ? group.length * rows : group.length; }
  State at(const State& state, index_t offset) const;
  State carve(Buffer& memory, index_t entries) const;
  Place place(std::span<const index_t> coordinates) const;
  void join_rest(double* values, index_t n) const;

  Reduction reduction_;
  DType elements_;
  kernels::Reducer reducer_;
  std::vector<Group> groups_;
  std::vector<index_t> output_strides_, region_strides_;  // per axis up to the split axis; zero where reduced
  std::size_t split_;
  index_t rows_max_;
  Shape result_shape_;
  index_t outputs_ = 1, count_ = 1;  // elements per output
  std::vector<index_t> taken_;       // region -> elements per output so far
  Buffer memory_, scratch_memory_[2], positions_;
  State state_{}, scratch_[2]{};
  LinearIndex position_;
  index_t position_base_ = 0;
  bool positions_ascend_ = true;
  std::vector<index_t> position_strides_;
  StripRuns position_runs_;
};

}  // namespace ashlar
