#include "ashlar/hdf5/tree.hpp"

#include <map>

#include "ashlar/hdf5/attributes_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"
#include "ashlar/hdf5/thread.hpp"

namespace ashlar::hdf5 {

namespace {

struct Link {
  std::string name;
  H5L_type_t type;
};

herr_t note_link(hid_t, const char* name, const H5L_info_t* info, void* into) {
  static_cast<std::vector<Link>*>(into)->push_back({name, info->type});
  return 0;
}

/// Walks one file; `met` ends cycles of hard links.
class Walk {
 public:
  Walk(hid_t file, const std::string& path) : file_(file), path_(path) {}

  Tree group(const std::string& name, const std::string& label) {
    const Place at{path_, "group " + name};
    Tree node;
    node.name = label;
    const ObjectHandle object(checked(H5Oopen(file_, name.c_str(), H5P_DEFAULT), "H5Oopen", at));
    remember(object.get(), name, at);
    node.attributes = read_attributes(object.get(), at);
    std::vector<Link> links;
    hsize_t from = 0;
    checked(H5Literate(object.get(), H5_INDEX_NAME, H5_ITER_INC, &from, note_link, &links), "H5Literate", at);
    for (const auto& link : links) node.children.push_back(child(name == "/" ? "/" + link.name : name + "/" + link.name, link));
    return node;
  }

 private:
  Tree child(const std::string& name, const Link& link) {
    const Place at{path_, name};
    if (link.type != H5L_TYPE_HARD) return soft(name, link, at);
    const ObjectHandle object(checked(H5Oopen(file_, name.c_str(), H5P_DEFAULT), "H5Oopen", at));
    Tree node;
    node.name = link.name;
    node.kind = Tree::Kind::link;
    node.target = remember(object.get(), name, at);
    if (!node.target.empty()) return node;
    switch (H5Iget_type(object.get())) {
      case H5I_GROUP:
        return group(name, link.name);
      case H5I_DATASET:
        node.kind = Tree::Kind::dataset;
        node.dataset = dataset_info(object.get(), name, path_);
        return node;
      default:
        node.kind = Tree::Kind::type;
        return node;
    }
  }

  Tree soft(const std::string& name, const Link& link, const Place& at) {
    Tree node;
    node.kind = Tree::Kind::link;
    node.name = link.name;
    H5L_info_t info;
    checked(H5Lget_info(file_, name.c_str(), &info, H5P_DEFAULT), "H5Lget_info", at);
    std::vector<char> value(info.u.val_size + 1, '\0');
    checked(H5Lget_val(file_, name.c_str(), value.data(), value.size(), H5P_DEFAULT), "H5Lget_val", at);
    if (link.type == H5L_TYPE_SOFT)
      node.target = value.data();
    else {
      const char *file = nullptr, *object = nullptr;
      unsigned flags = 0;
      checked(H5Lunpack_elink_val(value.data(), info.u.val_size, &flags, &file, &object), "H5Lunpack_elink_val", at);
      node.target = std::string(file) + ":" + object;
    }
    return node;
  }

  /// The name an object was met under before, or nothing.
  std::string remember(hid_t object, const std::string& name, const Place& at) {
    H5O_info_t info;
    checked(H5Oget_info2(object, &info, H5O_INFO_BASIC), "H5Oget_info", at);
    const auto [found, inserted] = met_.try_emplace(info.addr, name);
    return inserted || found->second == name ? "" : found->second;
  }

  hid_t file_;
  std::string path_;
  std::map<haddr_t, std::string> met_;
};

std::string list(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string line(const Tree& node) {
  if (node.kind == Tree::Kind::link) return node.name + " -> " + node.target;
  if (node.kind == Tree::Kind::type) return node.name + "  (a type)";
  if (node.kind == Tree::Kind::group) return node.name;
  const DatasetInfo& d = node.dataset;
  std::string text = node.name + "  " + d.type + "  " + (d.empty ? "empty" : to_string(d.shape)) + "  " + format_bytes(d.storage_nbytes);
  if (!d.storage_chunks.empty()) text += "  storage_chunks " + to_string(Shape(d.storage_chunks));
  if (!d.filters.empty()) text += "  filters " + list(d.filters);
  if (d.is_virtual) text += "  virtual";
  if (!d.dims.empty()) {
    std::vector<std::string> names;
    for (const Dimension& dimension : d.dims) names.push_back(dimension.name.empty() ? "-" : dimension.name);
    text += "  dims (" + list(names) + (names.size() == 1 ? ",)" : ")");
  }
  if (d.incomplete) text += "  INCOMPLETE";
  return text;
}

void print(std::ostream& out, const Tree& node, const std::string& margin, const std::string& branch, const std::string& below) {
  out << margin << branch << line(node) << '\n';
  const std::string inner = margin + below;
  const Attributes& attributes = node.kind == Tree::Kind::dataset ? node.dataset.attributes : node.attributes;
  const char* bar = node.children.empty() ? "      " : "│     ";
  for (const auto& a : attributes) out << inner << bar << a.name << " = " << to_string(a.value) << '\n';
  for (std::size_t i = 0; i < node.children.size(); i++) {
    const bool last = i + 1 == node.children.size();
    print(out, node.children[i], inner, last ? "└── " : "├── ", last ? "    " : "│   ");
  }
}

}  // namespace

Tree tree(const std::string& path) {
  return Thread::instance().run([&] { return Walk(open_file(path).file.get(), path).group("/", path); });
}

std::ostream& operator<<(std::ostream& out, const Tree& node) {
  print(out, node, "", "", "");
  return out;
}

}  // namespace ashlar::hdf5
