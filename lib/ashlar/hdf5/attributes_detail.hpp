#pragma once

#include "ashlar/hdf5/attribute_value.hpp"
#include "ashlar/hdf5/handles_detail.hpp"

namespace ashlar::hdf5 {

/// Creates or replaces an attribute of a file's group or dataset.
void write_attribute(hid_t object, const Attribute& attribute, const Place& at);
void remove_attribute(hid_t object, const char* name, const Place& at);
bool has_attribute(hid_t object, const char* name, const Place& at);
/// All attributes, by name. One of a type that `AttributeValue` lacks comes as the name of its type in angle brackets.
Attributes read_attributes(hid_t object, const Place& at);

}  // namespace ashlar::hdf5
