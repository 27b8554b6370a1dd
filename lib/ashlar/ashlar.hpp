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

#include "ashlar/delayed/delayed.hpp"
#include "ashlar/delayed/future.hpp"
#include "ashlar/ndarray/ndarray.hpp"
#include "ashlar/runtime/client.hpp"
#include "ashlar/runtime/run.hpp"
