#pragma once
// HDF5's handles as values, and its errors as IoError. For the sources of this folder; all calls inside `Thread`.
//
// Every C call is made once, its result stored and tested: `checked(H5Dopen2(…), "H5Dopen2", at)`.

#include <hdf5.h>

#include <string>
#include <utility>

#include "ashlar/base/error.hpp"

namespace ashlar::hdf5 {

/// Once per start of the thread: no printing of errors, no closing of files behind MPI_Finalize.
void start_library();

/// What a call is about, for the message.
struct Place {
  std::string file;
  std::string object = {};  ///< dataset, group or attribute; may be empty
};

/// Throws IoError "H5Dwrite failed: dataset /x of out.h5: No space left on device (file write failed: …)" from HDF5's error stack.
/// `cause` stands in for the system's words where the stack has none.
[[noreturn]] void throw_hdf5_error(const char* call, const Place& at, const std::string& cause = {});

template <class Result>
Result checked(Result result, const char* call, const Place& at) {
  if (result < 0) throw_hdf5_error(call, at);
  return result;
}

/// Owns one id and closes it with its own function; empty when moved from.
template <herr_t (*Close)(hid_t)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) Close(id_);
  }
  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  /// Closing as an act that may fail (a file that flushes). The handle is empty afterwards in any case.
  void close(const char* call, const Place& at) {
    if (id_ >= 0) checked(Close(std::exchange(id_, H5I_INVALID_HID)), call, at);
  }
  /// Leaves the id open for ever: where closing would wait for ranks that never come.
  void abandon() { id_ = H5I_INVALID_HID; }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

using FileHandle = Handle<H5Fclose>;
using DatasetHandle = Handle<H5Dclose>;
using GroupHandle = Handle<H5Gclose>;
using ObjectHandle = Handle<H5Oclose>;
using SpaceHandle = Handle<H5Sclose>;
using TypeHandle = Handle<H5Tclose>;
using AttributeHandle = Handle<H5Aclose>;
using PropertyHandle = Handle<H5Pclose>;

PropertyHandle property_list(hid_t kind, const Place& at);

}  // namespace ashlar::hdf5
