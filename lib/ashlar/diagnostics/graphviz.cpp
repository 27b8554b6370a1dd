#include "ashlar/diagnostics/graphviz.hpp"

#include <gvc.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/services.hpp"

namespace ashlar {
namespace {

std::string complaints;  // what Graphviz said since the last drawing; under the lock

int keep_complaint(char* text) {
  if (complaints.size() < 1000) complaints += text;
  return 0;
}

std::string said() {
  while (!complaints.empty() && complaints.back() == '\n') complaints.pop_back();
  return complaints.empty() ? "" : ": " + complaints;
}

}  // namespace

void render_graph(const std::string& dot, const std::string& file, const std::string& format) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  // Never freed: making it again for each drawing loads the plugins again.
  static GVC_t* const context = [] {
    agseterrf(keep_complaint);
    return gvContext();
  }();
  complaints.clear();

  const std::unique_ptr<Agraph_t, int (*)(Agraph_t*)> graph(agmemread(dot.c_str()), agclose);
  if (!graph) throw ValueError("Graphviz cannot read the graph" + said());
  if (gvLayout(context, graph.get(), "dot") != 0) throw ValueError("Graphviz cannot lay out the graph" + said());
  char* text = nullptr;
  unsigned int size = 0;
  const int failed = gvRenderData(context, graph.get(), format.c_str(), &text, &size);
  const std::unique_ptr<char, void (*)(char*)> rendered(text, gvFreeRenderData);
  gvFreeLayout(context, graph.get());
  if (failed != 0 || !rendered) throw ValueError("Graphviz cannot draw \"" + format + "\"" + said());

  std::ofstream out(file, std::ios::binary);
  out.write(rendered.get(), static_cast<std::streamsize>(size));
  out.close();
  if (!out) throw IoError("the drawing could not be written to " + file + ": " + std::strerror(errno));
}

void install_diagnostics() {
  services().render = render_graph;
}

}  // namespace ashlar
