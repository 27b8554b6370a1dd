#include <cstring>

#include "ashlar/hdf5/element_types_detail.hpp"

namespace ashlar::hdf5 {

namespace {

hid_t standard(DType type) {
  switch (type) {
    case DType::int8:
      return H5T_STD_I8LE;
    case DType::int16:
      return H5T_STD_I16LE;
    case DType::int32:
      return H5T_STD_I32LE;
    case DType::int64:
      return H5T_STD_I64LE;
    case DType::uint8:
      return H5T_STD_U8LE;
    case DType::uint16:
      return H5T_STD_U16LE;
    case DType::uint32:
      return H5T_STD_U32LE;
    case DType::uint64:
      return H5T_STD_U64LE;
    case DType::float32:
    case DType::complex64:
      return H5T_IEEE_F32LE;
    default:
      return H5T_IEEE_F64LE;
  }
}

std::string member_name(hid_t type, unsigned i) {
  char* name = H5Tget_member_name(type, i);
  std::string copy = name ? name : "";
  H5free_memory(name);
  return copy;
}

bool is_bool(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_nmembers(type) != 2 || H5Tget_size(type) != 1) return false;
  signed char first = -1, second = -1;
  H5Tget_member_value(type, 0, &first);
  H5Tget_member_value(type, 1, &second);
  return member_name(type, 0) == "FALSE" && first == 0 && member_name(type, 1) == "TRUE" && second == 1;
}

std::optional<DType> complex_type(hid_t type) {
  if (H5Tget_nmembers(type) != 2 || member_name(type, 0) != "r" || member_name(type, 1) != "i") return std::nullopt;
  const TypeHandle r(H5Tget_member_type(type, 0)), i(H5Tget_member_type(type, 1));
  if (H5Tget_class(r.get()) != H5T_FLOAT || H5Tget_class(i.get()) != H5T_FLOAT) return std::nullopt;
  const auto size = H5Tget_size(r.get());
  if (size != H5Tget_size(i.get()) || size > 8) return std::nullopt;
  return size <= 4 ? DType::complex64 : DType::complex128;
}

int significant_bits(DType type) {  // of the integers a floating type holds exactly
  return type == DType::float32 || type == DType::complex64 ? 24 : 53;
}

}  // namespace

TypeHandle hdf5_type(DType type, const Place& at) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  if (type == DType::bool_) {
    TypeHandle made(checked(H5Tenum_create(H5T_STD_I8LE), "H5Tenum_create", at));
    for (signed char value : {0, 1}) checked(H5Tenum_insert(made.get(), value ? "TRUE" : "FALSE", &value), "H5Tenum_insert", at);
    return made;
  }
  if (is_complex(type)) {
    const auto size = static_cast<std::size_t>(itemsize(type));
    TypeHandle made(checked(H5Tcreate(H5T_COMPOUND, size), "H5Tcreate", at));
    checked(H5Tinsert(made.get(), "r", 0, standard(type)), "H5Tinsert", at);
    checked(H5Tinsert(made.get(), "i", size / 2, standard(type)), "H5Tinsert", at);
    return made;
  }
  return TypeHandle(checked(H5Tcopy(standard(type)), "H5Tcopy", at));
}

TypeHandle half_type(const Place& at) {
  TypeHandle made(checked(H5Tcopy(H5T_IEEE_F32LE), "H5Tcopy", at));
  checked(H5Tset_fields(made.get(), 15, 10, 5, 0, 10), "H5Tset_fields", at);
  checked(H5Tset_size(made.get(), 2), "H5Tset_size", at);
  checked(H5Tset_ebias(made.get(), 15), "H5Tset_ebias", at);
  return made;
}

bool is_half(hid_t type) {
  if (H5Tget_class(type) != H5T_FLOAT || H5Tget_size(type) != 2) return false;
  TypeHandle half = half_type({});
  if (H5Tequal(type, half.get()) > 0) return true;
  return H5Tset_order(half.get(), H5T_ORDER_BE) >= 0 && H5Tequal(type, half.get()) > 0;
}

std::optional<DType> dtype_of_hdf5(hid_t type) {
  const auto size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      if (size > 8 || (size & (size - 1))) return std::nullopt;
      if (H5Tget_sign(type) == H5T_SGN_NONE)
        return size == 1 ? DType::uint8 : size == 2 ? DType::uint16 : size == 4 ? DType::uint32 : DType::uint64;
      return size == 1 ? DType::int8 : size == 2 ? DType::int16 : size == 4 ? DType::int32 : DType::int64;
    case H5T_FLOAT:
      if (size > 8) return std::nullopt;
      return size <= 4 ? DType::float32 : DType::float64;
    case H5T_ENUM:
      return is_bool(type) ? std::optional(DType::bool_) : std::nullopt;
    case H5T_COMPOUND:
      return complex_type(type);
    default:
      return std::nullopt;
  }
}

std::string type_text(hid_t type) {
  const auto size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      if (size == 2 && !is_half(type)) return "float of 16 bits that is no IEEE half";
      return "float" + std::to_string(8 * size);
    case H5T_INTEGER:
      return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + std::to_string(8 * size);
    case H5T_STRING:
      return H5Tis_variable_str(type) > 0 ? "string" : "string of " + std::to_string(size) + " bytes";
    case H5T_BITFIELD:
      return "bit field";
    case H5T_OPAQUE:
      return "opaque bytes";
    case H5T_REFERENCE:
      return "reference";
    case H5T_TIME:
      return "time";
    case H5T_VLEN:
      return "variable-length list";
    case H5T_ARRAY:
      return "array";
    case H5T_ENUM:
    case H5T_COMPOUND: {
      if (const auto known = dtype_of_hdf5(type)) return std::string(dtype_name(*known));
      std::string text = H5Tget_class(type) == H5T_ENUM ? "enum {" : "compound {";
      const int members = H5Tget_nmembers(type);
      for (int i = 0; i < members; i++) text += (i ? ", " : "") + member_name(type, static_cast<unsigned>(i));
      return text + "}";
    }
    default:
      return "unknown";
  }
}

bool readable_as(DType stored, DType wanted) {
  if (stored == wanted) return true;
  if (wanted == DType::bool_) return false;
  // HDF5 has no conversion from a number to a compound.
  if (is_complex(stored) || is_complex(wanted)) return is_complex(stored) && is_complex(wanted);
  if (is_floating(stored)) return is_floating(wanted);
  if (stored == DType::bool_) return true;
  const auto bits = 8 * itemsize(stored);
  // NumPy counts 64-bit integers to float64 as safe; float32 must hold them all.
  if (is_floating(wanted)) return wanted == DType::float64 || bits <= significant_bits(wanted);
  if (is_signed(stored)) return is_signed(wanted) && itemsize(wanted) >= itemsize(stored);
  return is_signed(wanted) ? itemsize(wanted) > itemsize(stored) : itemsize(wanted) >= itemsize(stored);
}

}  // namespace ashlar::hdf5
