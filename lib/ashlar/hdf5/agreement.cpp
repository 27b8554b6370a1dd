#include "ashlar/base/bytes.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/hdf5/agreement_detail.hpp"

namespace ashlar::hdf5 {

namespace {

void broadcast_from(MPI_Comm comm, int root, Bytes& bytes) {
  std::uint64_t size = bytes.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, root, comm);
  bytes.resize(size);
  if (size) MPI_Bcast(bytes.data(), static_cast<int>(size), MPI_BYTE, root, comm);
}

}  // namespace

void broadcast(MPI_Comm comm, Bytes& bytes) { broadcast_from(comm, 0, bytes); }

std::exception_ptr caught(const std::function<void()>& fn) {
  try {
    fn();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void agree(MPI_Comm comm, const std::exception_ptr& error) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int lowest = error ? rank : ranks;
  MPI_Allreduce(MPI_IN_PLACE, &lowest, 1, MPI_INT, MPI_MIN, comm);
  if (lowest == ranks) return;
  Bytes text;
  if (lowest == rank) {
    Writer out;
    encode_error(out, error);
    text = std::move(out).take().head;
  }
  broadcast_from(comm, lowest, text);
  Reader in(text);
  std::rethrow_exception(decode_error(in));
}

}  // namespace ashlar::hdf5
