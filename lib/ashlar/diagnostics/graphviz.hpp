#pragma once
// Drawing graphs with Graphviz's library.

#include <string>

namespace ashlar {

/// Lays out DOT text and writes it as "svg", "png", "pdf" or "dot". Calls wait for one another: Graphviz knows one thread.
/// Errors    ValueError for text that is not DOT or a format Graphviz has no plugin for; IoError when the file cannot be written.
void render_graph(const std::string& dot, const std::string& file, const std::string& format);

/// Makes `visualize` of all collections draw. Programs that include ashlar.hpp have it done before main.
void install_diagnostics();

}  // namespace ashlar
