#include "ashlar/base/error.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "ashlar/base/bytes.hpp"

namespace ashlar {

namespace {

std::string task_error_text(const TaskError::Where& where) {
  std::string text = "task " + where.key + " on rank " + std::to_string(where.rank) + " threw " + where.type + ": " + where.message;
  if (!where.arguments.empty()) text += " (arguments: " + where.arguments + ")";
  return text;
}

template <class Kind>
std::exception_ptr make(std::string_view kind, std::string_view name, const std::string& message) {
  return kind == name ? std::make_exception_ptr(Kind(message)) : nullptr;
}

}  // namespace

TaskError::TaskError(Where where) : Error(task_error_text(where)), where_(std::move(where)) {}

std::string demangled(const char* mangled) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : mangled;
}

std::string error_kind(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return std::string(e.kind());
  } catch (const std::exception& e) {
    return demangled(typeid(e).name());
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return type ? demangled(type->name()) : "unknown";
  }
}

std::string error_message(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (const char* text) {
    return text;
  } catch (const std::string& text) {
    return text;
  } catch (...) {
    return "an object that is not a std::exception";
  }
}

void encode_error(Writer& out, const std::exception_ptr& error) {
  out.text(error_kind(error));
  out.text(error_message(error));
  try {
    std::rethrow_exception(error);
  } catch (const TaskError& e) {
    out.text(e.where().key);
    out.put(e.where().rank);
    out.text(e.where().type);
    out.text(e.where().message);
    out.text(e.where().arguments);
  } catch (...) {
  }
}

std::exception_ptr decode_error(Reader& in) {
  const std::string kind = in.text(), message = in.text();
  if (kind == "TaskError") {
    TaskError::Where where;
    where.key = in.text();
    where.rank = in.get<int>();
    where.type = in.text();
    where.message = in.text();
    where.arguments = in.text();
    return std::make_exception_ptr(TaskError(std::move(where)));
  }
#define ASHLAR_TRY(Name) \
  if (auto e = make<Name>(kind, #Name, message)) return e
  ASHLAR_TRY(ShapeError);
  ASHLAR_TRY(TypeError);
  ASHLAR_TRY(ValueError);
  ASHLAR_TRY(KeyError);
  ASHLAR_TRY(IndexError);
  ASHLAR_TRY(IoError);
  ASHLAR_TRY(MpiError);
  ASHLAR_TRY(TimeoutError);
  ASHLAR_TRY(CancelledError);
  ASHLAR_TRY(NotImplementedError);
  ASHLAR_TRY(InternalError);
#undef ASHLAR_TRY
  return std::make_exception_ptr(Error(message));
}

}  // namespace ashlar
