// Precompiled for programs: the same as for the library, with the flags of programs, and what reads their options.
#include <CLI/CLI.hpp>
#include <iostream>

#include "library.hpp"
