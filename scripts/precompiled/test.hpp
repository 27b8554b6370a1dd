// Precompiled for the tests: what the library's sources get, and GoogleTest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include "library.hpp"
