#pragma once
// A new file appears under its final name only when it is complete.
//
// One rank makes a temporary name in the same folder, all write that file, the same rank renames it. Until then the old file is
// untouched, so whoever dies when leaves the old file or the new one, never a half.
//   .out.h5~HOST~BOOT~SPACE~PID~START~N~ashlar     the writer: machine name, boot, pid namespace, process, its start, a counter
//
// What this guards against is the death of processes. `publish` does not fsync: a file of many gigabytes would wait for its disk,
// and a power cut is the file system's business (ext4 and XFS write a replaced file's data before its new name by default).

#include <string>

namespace ashlar::hdf5 {

/// The file a name leads to: symbolic links followed, so that a rename replaces the target and not the link.
std::string real_path(const std::string& path);

/// A name in the folder of `final_path` that no other process and no earlier call has given. Creates nothing.
/// Errors    IoError when `final_path` exists and is not a regular file, or its folder is missing or not writable.
std::string temporary_name(const std::string& final_path);

/// Renames: from now on `final_path` is the new file, with the permissions the old one had. IoError says why not.
void publish(const std::string& temporary, const std::string& final_path);

/// Removes a temporary file; one that is not there is fine.
void discard(const std::string& temporary) noexcept;

/// Removes temporary files of `final_path` whose writer is gone, with what MPI-IO left beside them under longer names, and says how many. A writer is known to be gone when it ran on this
/// machine since its last start and its process is no more. Files of other machines are left alone, and those of an earlier boot (or
/// another container) of this name until nobody has written to them for a day.
int remove_leftovers(const std::string& final_path) noexcept;

}  // namespace ashlar::hdf5
