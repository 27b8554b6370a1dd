#pragma once
// The one header of Ashlar's users.

#include <chrono>
#include <complex>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ashlar/array/array.hpp"
#include "ashlar/array/bins.hpp"
#include "ashlar/array/blockwise.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/cumulative.hpp"
#include "ashlar/array/delayed_argument.hpp"
#include "ashlar/array/elementwise.hpp"
#include "ashlar/array/fft.hpp"
#include "ashlar/array/linalg.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/map.hpp"
#include "ashlar/array/map_blocks.hpp"
#include "ashlar/array/order.hpp"
#include "ashlar/array/overlap.hpp"
#include "ashlar/array/random.hpp"
#include "ashlar/array/reductions.hpp"
#include "ashlar/array/selection.hpp"
#include "ashlar/array/store.hpp"
#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/delayed_argument.hpp"
#include "ashlar/dataframe/groupby.hpp"
#include "ashlar/dataframe/read_csv.hpp"
#include "ashlar/dataframe/series.hpp"
#include "ashlar/delayed/delayed.hpp"
#include "ashlar/delayed/future.hpp"
#include "ashlar/diagnostics/graphviz.hpp"
#include "ashlar/graph/predict.hpp"
#include "ashlar/io/array_from_hdf5.hpp"
#include "ashlar/io/array_to_hdf5.hpp"
#include "ashlar/io/frame_from_hdf5.hpp"
#include "ashlar/io/parquet.hpp"
#include "ashlar/ndarray/ndarray.hpp"
#include "ashlar/runtime/attach.hpp"
#include "ashlar/runtime/client.hpp"
#include "ashlar/runtime/coordination.hpp"
#include "ashlar/runtime/get_client.hpp"
#include "ashlar/runtime/run.hpp"
#include "ashlar/runtime/spmd.hpp"
#include "ashlar/table/arrow.hpp"

namespace ashlar::detail {
// The floors above the collections put themselves in place before main.
inline const bool services_installed = (install_hdf5_writer(), install_diagnostics(), true);
}  // namespace ashlar::detail
