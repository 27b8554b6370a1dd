#include <cstring>

#include "ashlar/hdf5/handles_detail.hpp"

namespace ashlar::hdf5 {

namespace {

struct Stack {
  std::string innermost, outermost, system;
};

herr_t collect(unsigned, const H5E_error2_t* entry, void* into) {
  auto& stack = *static_cast<Stack*>(into);
  const std::string text = entry->desc ? entry->desc : "";
  if (stack.innermost.empty()) stack.innermost = text;
  stack.outermost = text;
  // The drivers put the system's own words into a longer line: "…, errno = 28, error message = 'No space left on device', …".
  static constexpr char mark[] = "error message = '";
  if (const auto from = text.find(mark); stack.system.empty() && from != std::string::npos) {
    const auto first = from + std::strlen(mark);
    stack.system = text.substr(first, text.find('\'', first) - first);
  }
  // MPI's error text stands behind the name of the failed call.
  if (const auto from = text.find("MPI_ERR_"); stack.system.empty() && from != std::string::npos) stack.system = text.substr(from);
  return 0;
}

}  // namespace

void start_library() {
  H5dont_atexit();  // fails harmlessly when a program opened HDF5 before
  H5open();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void throw_hdf5_error(const char* call, const Place& at, const std::string& cause) {
  Stack stack;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &stack);
  H5Eclear2(H5E_DEFAULT);
  if (stack.system.empty()) stack.system = cause;
  std::string text = std::string(call) + " failed: ";
  if (!at.object.empty()) text += at.object + " of ";
  text += at.file + ": ";
  if (!stack.system.empty())
    text += stack.system + " (" + stack.outermost + ")";
  else if (stack.innermost.empty())
    text += "no reason given";
  else
    text += stack.outermost == stack.innermost ? stack.innermost : stack.innermost + " (" + stack.outermost + ")";
  throw IoError(text);
}

PropertyHandle property_list(hid_t kind, const Place& at) { return PropertyHandle(checked(H5Pcreate(kind), "H5Pcreate", at)); }

}  // namespace ashlar::hdf5
