// Precompiled for programs: the same as for the library, with the flags of programs.
#include <iostream>

#include "library.hpp"
