#include "ashlar/io/array_to_hdf5.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/services.hpp"
#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/parts.hpp"
#include "ashlar/hdf5/reader.hpp"
#include "ashlar/hdf5/thread.hpp"
#include "ashlar/io/array_from_hdf5_detail.hpp"
#include "ashlar/io/write_tasks_detail.hpp"
#include "ashlar/mpi/workers.hpp"

namespace ashlar::io {
namespace {

// What is written in place may not be read by the same graph: an element would be the old or the new one by chance. Results that
// were started earlier may still be reading: they come first.
void read_before_writing_in_place(const std::vector<ArrayStore>& stores, const WritePlan& planned) {
  if (std::none_of(planned.files.begin(), planned.files.end(), [](const FilePlan& file) { return file.in_place; })) return;
  GraphBuilder builder;
  {
    const auto lock = detail::lowering_lock();
    for (const ArrayStore& store : stores) store.array.lower(builder);
  }
  const TaskGraph graph = std::move(builder).take();
  for (const FilePlan& file : planned.files)
    for (const hdf5::DatasetSpec& dataset : file.datasets)
      for (const auto& layer : graph.layers)
        if (file.in_place && reads(*layer, file.final_path, dataset.name))
          throw ValueError("store: the arrays read the dataset " + dataset.name + " of " + file.final_path +
                           ", which is written in place: persist() what is read first, or write a new file");
  for (const ResultHandle& input : graph.inputs) input->wait({});
}

// The user knows a file by its own name, not by the temporary one it was written under.
[[noreturn]] void rethrow_with_final_names(const std::exception_ptr& error, const std::vector<FilePlan>& files) {
  const auto renamed = [&](std::string text) {
    const auto replace = [&](const std::string& from, const std::string& to) {
      for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
    };
    for (const FilePlan& file : files) {
      for (const PartPlan& part : file.parts) replace(part.path, part.final_path);
      replace(file.path, file.final_path);
    }
    return text;
  };
  try {
    std::rethrow_exception(error);
  } catch (const TaskError& e) {
    TaskError::Where where = e.where();
    where.message = renamed(where.message);
    throw TaskError(std::move(where));
  } catch (const IoError& e) {
    throw IoError(renamed(e.what()));
  }
}

// Tasks write files, too: a number is one of the process it was given in, and of no other.
std::int64_t new_write() {
  static std::atomic<std::int64_t> last_write{0};
  int worker = -1;
  if (const MPI_Comm comm = mpi::workers_communicator(); comm != MPI_COMM_NULL) MPI_Comm_rank(comm, &worker);
  return (static_cast<std::int64_t>(worker) + 1) << 40 | ++last_write;
}

void store_arrays(std::vector<ArrayStore> stores) {
  Evaluator& evaluator = Evaluator::current();
  const std::int64_t write = new_write();
  WritePlan planned = plan_write(stores, groups_of_workers);
  read_before_writing_in_place(stores, planned);
  for (FilePlan& file : planned.files) {
    if (file.in_place) {
      file.path = file.final_path;
      hdf5::forget(file.path);
    } else {
      hdf5::remove_leftovers(file.final_path);
      file.path = hdf5::temporary_name(file.final_path);
      for (PartPlan& part : file.parts) part.path = hdf5::temporary_name(file.final_path);
    }
  }
  const auto discard_all = [&] {
    for (const FilePlan& file : planned.files)
      if (!file.in_place) {
        hdf5::discard(file.path);
        for (const PartPlan& part : file.parts) hdf5::discard(part.path);
      }
  };
  try {
    evaluator.run_on_workers(open_for_writing(write, planned.files, planned.groups), {}, /*collective=*/true);
    {
      std::vector<TaskRef> wanted;
      GraphBuilder builder;
      {
        const auto lock = detail::lowering_lock();
        for (std::size_t i = 0; i < stores.size(); ++i)
          add_writes(builder, stores[i], write, planned.places[i], planned.files[static_cast<std::size_t>(planned.places[i].file)].writers, planned.groups, wanted);
      }
      detail::evaluate(std::move(builder), wanted);
    }
    evaluator.run_on_workers(close_after_writing(write, ""), {}, true);
    for (const FilePlan& file : planned.files)
      if (!file.parts.empty()) {
        std::vector<std::string> parts;
        for (const PartPlan& part : file.parts) parts.push_back(part.final_path);
        hdf5::make_virtual_file(file.path, file.datasets, parts);
      }
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    // At once, too: a program that a signal ends may be killed before the workers have closed their files.
    discard_all();
    try {
      // Collective calls run in order: when this one is through, so is what was opening or closing when the error came.
      evaluator.run_on_workers(close_after_writing(write, error_message(error)), {}, true);
    } catch (...) {
      // The first error is the one to tell.
    }
    discard_all();
    rethrow_with_final_names(error, planned.files);
  }
  for (const FilePlan& file : planned.files)
    if (!file.in_place) {
      hdf5::forget(file.final_path);
      for (const PartPlan& part : file.parts) hdf5::publish(part.path, part.final_path);
      hdf5::publish(file.path, file.final_path);
      hdf5::remove_old_parts(file.final_path);
    }
}

}  // namespace
}  // namespace ashlar::io

namespace ashlar {

void install_hdf5_writer() {
  services().store_arrays = io::store_arrays;
  services().at_end.push_back([] { hdf5::Thread::instance().stop(); });
}

}  // namespace ashlar
