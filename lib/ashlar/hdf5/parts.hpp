#pragma once
// One file made of several: each group of ranks writes a part of its own, "out.a.node0.h5", "out.a.node1.h5"…, and virtual datasets in
// "out.h5" make them one.
//
// There are two sets of names, a and b. A new version is written under the names that the file in place does not use; it appears when
// "out.h5" is renamed, and the old parts are removed after that. Who dies when leaves the old version or the new one, with all its parts.

#include <string>
#include <vector>

#include "ashlar/hdf5/dataset.hpp"

namespace ashlar::hdf5 {

/// On a file that is made of parts: their names, without folders. On a part: the name of the file it is a part of.
inline constexpr char parts_attribute[] = "ashlar_parts";
inline constexpr char part_of_attribute[] = "ashlar_part_of";

/// Names, with the folder, for the parts of a new version of `final_path`.
std::vector<std::string> part_names(const std::string& final_path, int count);

/// "group//x/" -> "/group/x". ValueError for a name without a last part.
std::string absolute_name(const std::string& dataset);

/// Makes a file whose datasets are virtual; where a `DatasetSpec` has no parts it has no elements.
/// Ranks     local.  Errors    IoError.
void make_virtual_file(const std::string& path, const std::vector<DatasetSpec>& datasets, const std::vector<std::string>& parts);

/// After `final_path` was published: removes parts of earlier versions, and of versions that were never completed.
/// Cost      a look at the names in the folder; parts found are opened.
void remove_old_parts(const std::string& final_path) noexcept;

}  // namespace ashlar::hdf5
