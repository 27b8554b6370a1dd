#include "ashlar/graph/operation.hpp"

namespace ashlar {

void encode_operation(Writer& out, const Operation& operation) {
  put_descriptor(out, operation.descriptor());
  operation.encode(out);
}

std::shared_ptr<const Operation> decode_operation(Reader& in) {
  const auto& record = static_cast<const OperationDescriptor&>(get_descriptor(in));
  return record.decode(in);
}

}  // namespace ashlar
