// Precompiled for programs: the library as its users include it, with the flags of programs.
#include <ashlar/ashlar.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "library.hpp"
