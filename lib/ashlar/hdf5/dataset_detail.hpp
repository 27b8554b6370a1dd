#pragma once

#include "ashlar/hdf5/dataset.hpp"
#include "ashlar/hdf5/handles_detail.hpp"

namespace ashlar::hdf5 {

/// "group//x/" -> "/group/x". ValueError for a name without a last part.
std::string dataset_name(const std::string& name);

Place dataset_of(const std::string& file, const std::string& name);

/// ValueError, ShapeError or NotImplementedError for what cannot be made.
void check_spec(const DatasetSpec& spec);

/// Makes dataset and groups, storage allocated and not filled, attributes written. Serial: no other rank has the file open.
DatasetHandle create_dataset(hid_t file, const DatasetSpec& spec, const std::string& path);

/// False when a part of the name is missing. TypeError when a part that must be a group is none, or the whole is no dataset.
bool has_dataset(hid_t file, const std::string& name, const std::string& path);
DatasetHandle open_dataset(hid_t file, const std::string& name, const std::string& path);
DatasetInfo dataset_info(hid_t dataset, const std::string& name, const std::string& path);

}  // namespace ashlar::hdf5
