#pragma once
// Numerical libraries that are loaded when first needed: a program that never multiplies matrices needs no BLAS, and what such a library
// decides when it is loaded (OpenBLAS its kernels, by the environment) can be set before.

#include <string>
#include <vector>

namespace ashlar {

class SharedLibrary {
 public:
  /// Errors    on first use of `symbol`: NotImplementedError that names the files tried and the Debian package that has them.
  SharedLibrary(std::vector<std::string> files, std::string package) : files_(std::move(files)), package_(std::move(package)) {}
  /// The address of a function; loads the library at the first call, safely from several threads.
  void* symbol(const char* name) const;
  bool available() const;

 private:
  void* handle() const;
  std::vector<std::string> files_;
  std::string package_;
};

}  // namespace ashlar
