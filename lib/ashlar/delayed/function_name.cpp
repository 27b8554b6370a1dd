#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/function.hpp"

namespace ashlar::detail {
namespace {

template <class T>
bool read_at(std::ifstream& file, std::uint64_t at, T* to, std::size_t n) {
  file.seekg(static_cast<std::streamoff>(at));
  return static_cast<bool>(file.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(n * sizeof(T))));
}

// Programs export no symbols to the dynamic linker; their file still has them unless it was stripped.
std::string symbol_in_file(const std::string& path, std::uintptr_t base, std::uintptr_t address) {
  std::ifstream file(path, std::ios::binary);
  ElfW(Ehdr) header;
  if (!file || !read_at(file, 0, &header, 1) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {};
  std::vector<ElfW(Shdr)> sections(header.e_shnum);
  if (sections.empty() || !read_at(file, header.e_shoff, sections.data(), sections.size())) return {};
  const std::uintptr_t wanted = header.e_type == ET_DYN ? address - base : address;
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    std::vector<ElfW(Sym)> symbols(section.sh_size / sizeof(ElfW(Sym)));
    const auto& names = sections[section.sh_link];
    std::vector<char> text(names.sh_size + 1, '\0');
    if (!read_at(file, section.sh_offset, symbols.data(), symbols.size()) || !read_at(file, names.sh_offset, text.data(), names.sh_size)) return {};
    for (const auto& symbol : symbols)
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_value == wanted && symbol.st_name < names.sh_size) return text.data() + symbol.st_name;
  }
  return {};
}

std::string without_scope_and_parameters(std::string name) {
  if (const auto anonymous = name.find("(anonymous namespace)::"); anonymous != std::string::npos) name.erase(anonymous, 23);
  name = name.substr(0, name.find('('));
  name = name.substr(0, name.find('<'));
  if (const auto space = name.rfind(' '); space != std::string::npos) name = name.substr(space + 1);
  if (const auto colon = name.rfind("::"); colon != std::string::npos) name = name.substr(colon + 2);
  return name;
}

std::string find_name(const void* code) {
  Dl_info info{};
  std::string symbol;
  if (dladdr(code, &info) != 0) {
    if (info.dli_sname && info.dli_saddr == code) symbol = info.dli_sname;
    const auto base = reinterpret_cast<std::uintptr_t>(info.dli_fbase), address = reinterpret_cast<std::uintptr_t>(code);
    if (symbol.empty() && info.dli_fname) symbol = symbol_in_file(info.dli_fname, base, address);
    // The main program is known by the name it was called with, which may be relative to a folder left since.
    Dl_info program{};
    if (symbol.empty() && dladdr(reinterpret_cast<const void*>(getauxval(AT_ENTRY)), &program) != 0 && program.dli_fbase == info.dli_fbase)
      symbol = symbol_in_file("/proc/self/exe", base, address);
  }
  const std::string name = without_scope_and_parameters(demangled(symbol.c_str()));
  return name.empty() ? "function" : name;
}

}  // namespace

const std::string* name_of_code(const void* code) {
  static std::mutex mutex;
  static auto* known = new std::unordered_map<const void*, const std::string*>;
  std::lock_guard lock(mutex);
  const std::string*& name = (*known)[code];
  if (!name) name = interned(find_name(code));
  return name;
}

}  // namespace ashlar::detail
