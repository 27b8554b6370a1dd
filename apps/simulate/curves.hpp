#pragma once
// simulate --curves: what the scheduler costs and how good its plans are, as tables for a README and as a picture.

#include <string>

/// Prints tables in Markdown; with `svg`, draws them into that file too. `quick`: a tenth of the sizes.
void curves(const std::string& svg, bool quick);
