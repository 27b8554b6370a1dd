#pragma once
// One name, two owners: the arrays of floor 3.5 define Scalar<T> for element types, the dataframes specialise Scalar<Value>. Neither may
// include the other, so the declaration they share lies below both.

namespace ashlar {

template <class T>
class Scalar;

}  // namespace ashlar
