// Precompiled for tests that link the whole library.
#include <ashlar/ashlar.hpp>

#include "test.hpp"
