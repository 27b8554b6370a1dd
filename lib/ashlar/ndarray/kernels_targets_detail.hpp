// Which instruction sets a kernel file is compiled for: the baseline, AVX2 and AVX-512. More would cost compile time for little.
// With sanitizers (ASHLAR_FEW_INSTRUCTION_SETS) without AVX-512: the same loops, instrumented, take minutes for each set.
// Include before "hwy/foreach_target.h".
#pragma once
#include "hwy/detect_targets.h"
#undef HWY_DISABLED_TARGETS
#ifdef ASHLAR_FEW_INSTRUCTION_SETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
#endif
