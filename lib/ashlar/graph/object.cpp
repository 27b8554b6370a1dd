#include "ashlar/graph/object.hpp"

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/block.hpp"

namespace ashlar {

void Object::wrong_type(std::string_view wanted) const {
  throw TypeError("a result of type " + std::string(type_ ? type_->name : "nothing") + " was asked for as " + std::string(wanted));
}

std::string Object::summary() const {
  if (empty()) return "nothing";
  if (holds<Block>()) {
    const Block& block = get<Block>();
    return std::string(dtype_name(block.dtype())) + " " + to_string(block.shape());
  }
  return std::string(type_->name);
}

void Object::encode(Writer& out) const {
  out.put<bool>(type_ != nullptr);
  if (!type_) return;
  put_descriptor(out, *type_);
  type_->encode(address(), out);
}

Object Object::decode(Reader& in) {
  Object o;
  if (!in.get<bool>()) return o;
  const auto& type = static_cast<const TypeDescriptor&>(get_descriptor(in));
  type.decode(in, o.place_);
  o.type_ = &type;  // not before: a value that cannot be read leaves an empty object
  return o;
}

}  // namespace ashlar
