#include "ashlar/base/descriptor.hpp"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <unordered_map>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

struct Loaded {
  Module module;
  std::uintptr_t base = 0, begin = 0, end = 0;  // load address and the range its segments cover
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> readable;  // the segments themselves: between them nothing is mapped
};

std::string hex(const unsigned char* bytes, std::size_t n) {
  std::string text;
  char pair[3];
  for (std::size_t i = 0; i < n; ++i) {
    std::snprintf(pair, sizeof pair, "%02x", bytes[i]);
    text += pair;
  }
  return text;
}

std::string own_path() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : "program";
}

// Where the linker wrote no build id the bytes of the file stand in for it.
std::string hash_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::uint64_t h = 0xcbf29ce484222325u;
  char part[1 << 16];
  while (file.read(part, sizeof part) || file.gcount() > 0)
    for (std::streamsize i = 0; i < file.gcount(); ++i) h = (h ^ static_cast<unsigned char>(part[i])) * 0x100000001b3u;
  char text[32];
  std::snprintf(text, sizeof text, "file-%016llx", static_cast<unsigned long long>(h));
  return text;
}

int add_module(dl_phdr_info* info, std::size_t, void* to) {
  auto& all = *static_cast<std::vector<Loaded>*>(to);
  Loaded loaded;
  loaded.base = info->dlpi_addr;
  loaded.module.path = info->dlpi_name && *info->dlpi_name ? info->dlpi_name : all.empty() ? own_path() : "";
  loaded.begin = ~std::uintptr_t{0};
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    const std::uintptr_t first = info->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) {
      loaded.begin = std::min(loaded.begin, first);
      loaded.end = std::max(loaded.end, first + header.p_memsz);
      if (header.p_flags & PF_R) loaded.readable.emplace_back(first, first + header.p_memsz);
    } else if (header.p_type == PT_NOTE) {
      const auto* at = reinterpret_cast<const unsigned char*>(first);
      const auto* end = at + header.p_memsz;
      while (at + sizeof(ElfW(Nhdr)) <= end) {
        const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
        const auto* name = at + sizeof *note;
        const auto* description = name + (note->n_namesz + 3) / 4 * 4;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && std::equal(name, name + 4, "GNU"))
          loaded.module.build_id = hex(description, note->n_descsz);
        at = description + (note->n_descsz + 3) / 4 * 4;
      }
    }
  }
  if (loaded.begin < loaded.end) all.push_back(std::move(loaded));
  return 0;
}

std::vector<Loaded> modules_now() {
  std::vector<Loaded> all;
  dl_iterate_phdr(add_module, &all);
  for (Loaded& l : all) {
    if (l.module.build_id.empty() && !l.module.path.empty()) l.module.build_id = hash_of_file(l.module.path);
    l.module.hash = detail::hash_text(l.module.build_id);
  }
  return all;
}

// Modules are looked up again when an address or a hash is not found: a library may have been loaded since.
class ModuleTable {
 public:
  DescriptorRef reference(const Descriptor& d) {
    {
      std::shared_lock lock(mutex_);
      if (auto it = references_.find(&d); it != references_.end()) return it->second;
    }
    std::unique_lock lock(mutex_);
    const auto address = reinterpret_cast<std::uintptr_t>(&d);
    for (int attempt = 0; attempt < 2; ++attempt) {
      for (const Loaded& l : modules_)
        if (address >= l.begin && address < l.end) {
          const DescriptorRef reference{l.module.hash, address - l.base, d.name_hash};
          references_.emplace(&d, reference);
          return reference;
        }
      modules_ = modules_now();
    }
    throw InternalError("descriptor of " + std::string(d.name) + " lies in no loaded module");
  }

  const Descriptor& find(const DescriptorRef& reference) {
    {
      std::shared_lock lock(mutex_);
      if (const Descriptor* d = locate(reference)) return *d;
    }
    std::unique_lock lock(mutex_);
    modules_ = modules_now();
    if (const Descriptor* d = locate(reference)) return *d;
    unknown(reference.module);
  }

  CodeRef code_reference(std::uintptr_t address) {
    std::unique_lock lock(mutex_);
    for (int attempt = 0; attempt < 2; ++attempt) {
      for (const Loaded& l : modules_)
        if (address >= l.begin && address < l.end) return {l.module.hash, address - l.base};
      modules_ = modules_now();
    }
    throw ValueError("a function pointer points into no loaded program or library");
  }

  std::uintptr_t code_address(const CodeRef& reference) {
    std::unique_lock lock(mutex_);
    for (int attempt = 0; attempt < 2; ++attempt) {
      for (const Loaded& l : modules_)
        if (l.module.hash == reference.module && l.base + reference.offset >= l.begin && l.base + reference.offset < l.end) return l.base + reference.offset;
      modules_ = modules_now();
    }
    unknown(reference.module);
  }

 private:
  [[noreturn]] void unknown(std::uint64_t module) const {
    std::ostringstream text;
    text << "a function or type of a module with build id hash " << std::hex << module
         << " is not known here: the ranks run different builds; this rank runs ";
    if (modules_.empty()) throw ValueError(text.str() + "no module");
    text << modules_.front().module.path << " with build id " << modules_.front().module.build_id;
    throw ValueError(text.str());
  }

  // Looks at whatever lies there to find out whether it is a record, which the address sanitizer takes for a fault.
  __attribute__((no_sanitize("address"))) const Descriptor* locate(const DescriptorRef& reference) const {
    for (const Loaded& l : modules_) {
      if (l.module.hash != reference.module) continue;
      const std::uintptr_t address = l.base + reference.offset;
      if (address % alignof(Descriptor) != 0) return nullptr;
      bool inside = false;
      for (const auto& [first, last] : l.readable) inside |= address >= first && address < last && last - address >= sizeof(Descriptor);
      if (!inside) return nullptr;
      const auto* d = reinterpret_cast<const Descriptor*>(address);
      return d->magic == Descriptor::expected_magic && d->name_hash == reference.name_hash ? d : nullptr;
    }
    return nullptr;
  }

  std::shared_mutex mutex_;
  std::vector<Loaded> modules_;
  std::unordered_map<const Descriptor*, DescriptorRef> references_;
};

ModuleTable& table() {
  static ModuleTable* t = new ModuleTable;
  return *t;
}

// Of a position-independent program everything is mapped above the program itself; what the kernel is not told where to map, it maps
// below the stack. So most pairs of small integers side by side, which look like addresses, are known to be none without a system call.
std::uintptr_t lowest_mapped() {
  constexpr std::uintptr_t smallest = std::uintptr_t{1} << 32;
  std::ifstream maps("/proc/self/maps");
  unsigned long long first = 0;
  std::string line;
  if (!std::getline(maps, line) || std::sscanf(line.c_str(), "%llx", &first) != 1) return smallest;
  return std::max<std::uintptr_t>(first, smallest);
}

// True when the page of `address` is mapped by something a pointer could point to. The maps are read only for pages that exist.
bool is_mapped(std::uintptr_t address) {
  static const std::uintptr_t lowest = lowest_mapped();
  if (address < lowest) return false;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  unsigned char resident = 0;
  if (mincore(reinterpret_cast<void*>(address / page * page), 1, &resident) != 0 && errno == ENOMEM) return false;
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    unsigned long long first = 0, last = 0;
    // The shadow memory of sanitizers covers terabytes; nothing the program made lies in it.
    if (std::sscanf(line.c_str(), "%llx-%llx", &first, &last) == 2 && address >= first && address < last) return last - first < (1ull << 40);
  }
  return false;
}

}  // namespace

DescriptorRef reference_to(const Descriptor& descriptor) { return table().reference(descriptor); }
const Descriptor& resolve(const DescriptorRef& reference) { return table().find(reference); }

CodeRef reference_to_code(const void* code) { return table().code_reference(reinterpret_cast<std::uintptr_t>(code)); }
const void* resolve_code(const CodeRef& reference) { return reinterpret_cast<const void*>(table().code_address(reference)); }

void put_descriptor(Writer& out, const Descriptor& descriptor) { out.put(reference_to(descriptor)); }
const Descriptor& get_descriptor(Reader& in) { return resolve(in.get<DescriptorRef>()); }

std::vector<Module> loaded_modules() {
  std::vector<Module> all;
  for (Loaded& l : modules_now()) all.push_back(std::move(l.module));
  return all;
}

Module main_module() { return loaded_modules().front(); }

void refuse_addresses(const void* bytes, std::size_t nbytes, std::string_view what, std::string_view advice) {
  const auto* at = static_cast<const std::byte*>(bytes);
  for (std::size_t i = 0; i + sizeof(std::uintptr_t) <= nbytes; i += sizeof(std::uintptr_t)) {
    std::uintptr_t word = 0;
    std::memcpy(&word, at + i, sizeof word);
    // Above 2^47 nothing can be mapped.
    if (word < (std::uintptr_t{1} << 32) || word >= (std::uintptr_t{1} << 47)) continue;
    if (is_mapped(word))
      throw ValueError(std::string(what) + " holds an address of this process at byte " + std::to_string(i) + ": it cannot be sent to another rank; " +
                       std::string(advice));
  }
}

}  // namespace ashlar
