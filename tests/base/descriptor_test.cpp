#include "ashlar/base/descriptor.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

#include "ashlar/base/error.hpp"

using namespace ashlar;

namespace {

std::string plugin_path;

constinit Descriptor first{"the first record"};
constinit Descriptor second{"the second record"};

bool refused(const void* bytes, std::size_t n) {
  try {
    refuse_addresses(bytes, n, "the lambda f", "pass it as an argument");
    return false;
  } catch (const ValueError& e) {
    EXPECT_NE(std::string(e.what()).find("the lambda f"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("pass it as an argument"), std::string::npos);
    return true;
  }
}

int doubled(int x) { return 2 * x; }
int some_static = 1;

}  // namespace

TEST(Descriptor, resolves_to_the_very_record_it_was_made_from) {
  EXPECT_EQ(&resolve(reference_to(first)), &first);
  EXPECT_EQ(&resolve(reference_to(second)), &second);
  EXPECT_NE(reference_to(first), reference_to(second));
}

TEST(Descriptor, survives_being_written_and_read) {
  Writer out;
  put_descriptor(out, second);
  EXPECT_EQ(out.size(), 24u);
  Reader in(out.head());
  EXPECT_EQ(&get_descriptor(in), &second);
}

TEST(Descriptor, of_another_name_at_the_same_place_is_refused) {
  DescriptorRef reference = reference_to(first);
  reference.name_hash ^= 1;
  EXPECT_THROW(resolve(reference), ValueError);
}

TEST(Descriptor, at_a_place_without_a_record_is_refused) {
  for (const std::uint64_t shift : {8u, 1u, 4096u}) {
    DescriptorRef reference = reference_to(first);
    reference.offset += shift;
    EXPECT_THROW(resolve(reference), ValueError);
  }
  DescriptorRef outside = reference_to(first);
  outside.offset = std::uint64_t{1} << 46;
  EXPECT_THROW(resolve(outside), ValueError);
  outside.offset = ~std::uint64_t{7};  // wraps around below the module
  EXPECT_THROW(resolve(outside), ValueError);
}

TEST(Descriptor, no_offset_into_any_library_makes_the_search_crash) {
  for (const Module& module : loaded_modules())
    for (std::uint64_t offset = 0; offset < 4 << 20; offset += 16384) EXPECT_THROW(resolve({module.hash, offset, 1}), ValueError) << module.path << " " << offset;
}

TEST(Descriptor, of_an_unknown_build_names_the_builds) {
  DescriptorRef reference = reference_to(first);
  reference.module = 12345;
  try {
    resolve(reference);
    FAIL();
  } catch (const ValueError& e) {
    EXPECT_NE(std::string(e.what()).find("different builds"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find(main_module().build_id), std::string::npos) << e.what();
  }
}

TEST(Descriptor, of_a_library_loaded_later_is_found) {
  reference_to(first);  // modules have been looked at before the library comes
  void* library = dlopen(plugin_path.c_str(), RTLD_NOW);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto record = reinterpret_cast<const Descriptor* (*)()>(dlsym(library, "plugin_record"));
  const DescriptorRef reference = reference_to(*record());
  EXPECT_EQ(&resolve(reference), record());
  EXPECT_NE(reference.module, reference_to(first).module);
  EXPECT_LT(reference.offset, 1u << 24) << "an offset inside the library, not an address";

  const void* function = dlsym(library, "plugin_function");
  const CodeRef code = reference_to_code(function);
  EXPECT_EQ(code.module, reference.module);
  EXPECT_EQ(resolve_code(code), function);
}

TEST(Descriptor, of_code_is_its_module_and_offset) {
  const auto pointer = reinterpret_cast<const void*>(&doubled);
  const CodeRef reference = reference_to_code(pointer);
  EXPECT_EQ(reference.module, reference_to(first).module);
  EXPECT_EQ(resolve_code(reference), pointer);
  EXPECT_EQ(reinterpret_cast<int (*)(int)>(const_cast<void*>(resolve_code(reference)))(21), 42);
  int local = 0;
  EXPECT_THROW(reference_to_code(&local), ValueError);
  EXPECT_THROW(resolve_code({reference.module, std::uint64_t{1} << 46}), ValueError);
  EXPECT_THROW(resolve_code({reference.module + 1, reference.offset}), ValueError);
}

TEST(Descriptor, modules_have_distinct_build_ids_and_the_program_comes_first) {
  const std::vector<Module> modules = loaded_modules();
  ASSERT_GE(modules.size(), 2u);
  EXPECT_NE(modules.front().path.find("descriptor_test"), std::string::npos);
  EXPECT_EQ(main_module().hash, modules.front().hash);
  std::set<std::string> ids;
  for (const Module& m : modules) EXPECT_TRUE(m.build_id.empty() || ids.insert(m.build_id).second) << m.path;
}

TEST(Descriptor, type_names_are_as_the_compiler_writes_them) {
  EXPECT_EQ(type_name<int>(), "int");
  EXPECT_EQ(type_name<std::vector<double>>(), "std::vector<double>");
  EXPECT_NE(type_name<int>(), type_name<unsigned>());
}

TEST(RefuseAddresses, finds_pointers_to_everything_a_program_can_point_to) {
  int local = 0;
  const auto heap = std::make_unique<int>(1);
  const auto big = std::make_unique<std::byte[]>(16 << 20);
  const void* pointers[] = {&local, heap.get(), big.get() + (8 << 20), &some_static, "literal", reinterpret_cast<const void*>(&doubled), stdout};
  for (const void* p : pointers) EXPECT_TRUE(refused(&p, sizeof p)) << p;
}

TEST(RefuseAddresses, finds_a_pointer_in_any_word) {
  int local = 0;
  struct {
    double a = 1.5;
    int n = 3;
    const int* p;
  } captures{.p = &local};
  EXPECT_TRUE(refused(&captures, sizeof captures));
}

TEST(RefuseAddresses, takes_numbers_for_numbers) {
  const double reals[] = {0, 1.0, -1.0, 1e-300, 1e300, 3.14159};
  EXPECT_FALSE(refused(reals, sizeof reals));
  const std::int64_t integers[] = {0, 1, -1, 1000000, std::int64_t{1} << 31, std::int64_t{1} << 40, std::int64_t{1} << 60};
  EXPECT_FALSE(refused(integers, sizeof integers));
  // Two small integers side by side look like an address to the eye.
  for (int high = 0; high < 2000; ++high) {
    const int pair[] = {high * 1000003, high};
    ASSERT_FALSE(refused(pair, sizeof pair)) << high;
  }
  const char text[16] = "north, by west";
  EXPECT_FALSE(refused(text, sizeof text));
}

TEST(RefuseAddresses, is_cheap_for_numbers_that_look_like_addresses) {
  const int pair[] = {7, 0x1234};
  for (int i = 0; i < 100000; ++i) refuse_addresses(pair, sizeof pair, "x", "y");  // the time limit of the test is the check
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1) plugin_path = argv[1];
  return RUN_ALL_TESTS();
}
