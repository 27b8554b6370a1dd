#pragma once
// Starting and ending: every rank calls `run`, rank 0 gets the body.

#include <concepts>
#include <functional>
#include <type_traits>

#include "ashlar/runtime/client.hpp"

namespace ashlar {

namespace detail {
int run_program(int& argc, char**& argv, const std::function<int(Client&)>& body);

template <class F>
std::function<int(Client&)> body_of(F&& body) {
  using R = std::invoke_result_t<F&, Client&>;
  static_assert(std::is_void_v<R> || std::same_as<R, int>, "ashlar: the body of run must return int (the exit code) or nothing");
  return [&body](Client& client) -> int {
    if constexpr (std::is_void_v<R>) {
      body(client);
      return 0;
    } else {
      return body(client);
    }
  };
}
}  // namespace detail

/// Runs a program: `body` on rank 0, which is client and scheduler; the other ranks work until it returns. One rank (with or
/// without mpirun): the same in one process with worker threads.
///
/// Returns   on every rank: what the body returned (nothing: 0); after an exception 1, its message printed once on stderr.
/// Ranks     collective: every rank of the job calls it, once. Starts MPI (MPI_THREAD_MULTIPLE) and ends it.
/// Errors    printed, exit code 1 on every rank: an unknown --ashlar- option, ranks that run different builds, an MPI without
///           thread support.
/// Example   int main(int argc, char** argv) { return al::run(argc, argv, [](al::Client& client) { std::cout << client << '\n'; }); }
template <class F>
  requires std::invocable<F&, Client&>
int run(int& argc, char**& argv, F&& body) {
  return detail::run_program(argc, argv, detail::body_of(body));
}

}  // namespace ashlar
