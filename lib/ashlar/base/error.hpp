#pragma once
// The exceptions of the library. Every message says what was wanted, what was found, then the values:
//   chunks do not add up to the axis length: axis 1, chunks 90, length 100
// Each kind can cross ranks: `encode_error` and `decode_error` keep kind, message and the fields of a TaskError.

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ashlar {

class Writer;
class Reader;

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// The name of the class, as printed before the message: "ShapeError".
  virtual std::string_view kind() const noexcept { return "Error"; }
};

#define ASHLAR_ERROR_KIND(Name)                                            \
  class Name : public Error {                                              \
   public:                                                                 \
    using Error::Error;                                                    \
    std::string_view kind() const noexcept override { return #Name; }      \
  }
ASHLAR_ERROR_KIND(ShapeError);           ///< shapes, chunks or axes that do not fit together
ASHLAR_ERROR_KIND(TypeError);            ///< an element type or a C++ type that is not the wanted one
ASHLAR_ERROR_KIND(ValueError);           ///< an argument outside what is allowed
ASHLAR_ERROR_KIND(KeyError);             ///< a name that is not there: column, dataset, setting
ASHLAR_ERROR_KIND(IndexError);           ///< a position outside its axis
ASHLAR_ERROR_KIND(IoError);              ///< a file: missing, unreadable, not of its kind, disk full
ASHLAR_ERROR_KIND(MpiError);             ///< what an MPI call returned
ASHLAR_ERROR_KIND(TimeoutError);         ///< a deadline given by the caller passed
ASHLAR_ERROR_KIND(CancelledError);       ///< the result was cancelled before it existed
ASHLAR_ERROR_KIND(NotImplementedError);  ///< a documented option that this version does not serve yet
ASHLAR_ERROR_KIND(InternalError);        ///< a fault of the library itself; carries the story of the task
#undef ASHLAR_ERROR_KIND

/// What a user's function threw, with where and on what.
class TaskError : public Error {
 public:
  struct Where {
    std::string key;        ///< the task
    int rank = -1;          ///< the rank it ran on
    std::string type;       ///< C++ type (or kind of Error) of what was thrown
    std::string message;    ///< its what()
    std::string arguments;  ///< shapes and types of the arguments
  };
  explicit TaskError(Where where);
  std::string_view kind() const noexcept override { return "TaskError"; }
  const Where& where() const noexcept { return where_; }

 private:
  Where where_;
};

/// Kind and message of any exception: "ValueError" of ours, the demangled type of others.
std::string error_kind(const std::exception_ptr& error);
std::string error_message(const std::exception_ptr& error);

/// An exception as bytes and back. One that is not an Error comes back as an Error with its message.
void encode_error(Writer& out, const std::exception_ptr& error);
std::exception_ptr decode_error(Reader& in);

/// The C++ name of a type as a person writes it.
std::string demangled(const char* mangled);

}  // namespace ashlar
