#include "ashlar/ndarray/shared_library.hpp"

#include <dlfcn.h>

#include <map>
#include <mutex>

#include "ashlar/base/error.hpp"

namespace ashlar {

void* SharedLibrary::handle() const {
  static std::mutex mutex;
  static std::map<std::string, void*> loaded;
  const std::lock_guard lock(mutex);
  for (const std::string& file : files_) {
    auto [it, fresh] = loaded.try_emplace(file, nullptr);
    if (fresh) it->second = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (it->second) return it->second;
  }
  return nullptr;
}

bool SharedLibrary::available() const { return handle() != nullptr; }

void* SharedLibrary::symbol(const char* name) const {
  void* library = handle();
  if (!library) {
    std::string tried;
    for (const std::string& file : files_) tried += (tried.empty() ? "" : ", ") + file;
    throw NotImplementedError("this needs a library that is not installed here: tried " + tried + "; on Debian: apt install " + package_);
  }
  void* address = dlsym(library, name);
  if (!address) throw NotImplementedError("the library " + files_.front() + " has no function " + name + "; on Debian: apt install " + package_);
  return address;
}

}  // namespace ashlar
