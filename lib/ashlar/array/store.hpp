#pragma once
// Writing arrays: into HDF5 files by all workers, or into a local array.

#include <initializer_list>
#include <string>
#include <variant>

#include "ashlar/array/array.hpp"
#include "ashlar/graph/services.hpp"

namespace ashlar {

/// An array of any element type.
class AnyArray {
 public:
  template <detail::lazy A>
  AnyArray(const A& array) : node_(array.node()) {}
  const ArrayPtr& node() const { return node_; }

 private:
  ArrayPtr node_;
};

/// A dataset, created by the write; or a region of one that exists. The options are those of `to_hdf5`.
struct Hdf5Target {
  std::string file, dataset;
  Slices region = ellipsis;
  ToHdf5Options options = {};
};
/// Where an array goes. An NDArray must outlive the write.
class Target {
 public:
  Target(Hdf5Target target);
  template <class T>
  Target(NDArray<T>& out) : memory_(&out), type_(dtype_of<T>), assign_([](void* to, const Block& from) { static_cast<NDArray<T>*>(to)->assign(NDArray<T>(from)); }) {
    if (out.size() == 0) assign_ = [](void* to, const Block& from) { *static_cast<NDArray<T>*>(to) = NDArray<T>(from); };
  }

 private:
  friend void store(std::initializer_list<AnyArray>, std::initializer_list<Target>, const StoreOptions&);
  std::string file_, dataset_, region_;
  ToHdf5Options options_;
  void* memory_ = nullptr;
  DType type_ = DType::float64;
  void (*assign_)(void*, const Block&) = nullptr;
};

/// All arrays into their targets, in one run. An NDArray gets the values cast to its type; an empty one becomes the result.
/// Errors    ValueError when the numbers differ; ShapeError when a target has another shape; IoError.
void store(std::initializer_list<AnyArray> arrays, std::initializer_list<Target> targets, const StoreOptions& options = {});
void store(const AnyArray& array, const Target& target, const StoreOptions& options = {});

template <class T>
template <class Out>
void Array<T>::store(Out&& target) const {
  ashlar::store(AnyArray(*this), Target(target));
}

/// The array as the floors above see it.
ArrayOutline outline(const ArrayPtr& node);

}  // namespace ashlar
