// The tree of a file, for people and for programs.

#include "ashlar/hdf5/tree.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "hdf5/scratch.hpp"

namespace ashlar::hdf5 {
namespace {

TEST(Tree, shows_groups_datasets_links_and_attributes) {
  const scratch::Folder folder("tree-" + std::to_string(getpid()));
  const std::string path = folder / "x.h5";
  scratch::write_text(folder / "make.py", "import h5py, numpy as np\nwith h5py.File('" + path + R"(', 'w') as f:
  f.attrs['title'] = 'a test'
  x = f.create_dataset('a/b/x', data=np.zeros((50, 20)), chunks=(25, 20))
  x.attrs['units'] = 'K'
  x.attrs['range'] = [0, 2.5]
  f.create_dataset('a/packed', data=np.zeros(100, 'i4'), chunks=(100,), compression='gzip')
  f['a/b/up'] = f['a']
  f['soft'] = h5py.SoftLink('/a/b/x')
  f['outside'] = h5py.ExternalLink('y.h5', '/z')
  f['text'] = 'hello'
  f['nothing'] = h5py.Empty('f4')
  f['type'] = np.dtype('i2')
  f.create_dataset('half', (3,)).attrs['ashlar_incomplete'] = 1
)");
  ASSERT_EQ(std::system((PYTHON " " + (folder / "make.py")).c_str()), 0);

  const Tree root = tree(path);
  std::ostringstream text;
  text << root;

  EXPECT_EQ(root.children.size(), 7u);
  EXPECT_EQ(root.children[0].children[0].children[1].dataset.shape, (Shape{50, 20}));
  const std::string drawn = text.str();
  const std::string packed_nbytes = format_bytes(root.children[0].children[1].dataset.storage_nbytes);
  const std::string text_nbytes = format_bytes(root.children[5].dataset.storage_nbytes);
  EXPECT_EQ(drawn, path + R"(
│     title = "a test"
├── a
│   ├── b
│   │   ├── up -> /a
│   │   └── x  float64  (50, 20)  7.81 kiB  storage_chunks (25, 20)
│   │             range = [0, 2.5]
│   │             units = "K"
│   └── packed  int32  (100,)  )" +
                       packed_nbytes + R"(  storage_chunks (100,)  filters gzip
├── half  float32  (3,)  0 B  INCOMPLETE
├── nothing  float32  empty  0 B
├── outside -> y.h5:/z
├── soft -> /a/b/x
├── text  string  ()  )" +
                       text_nbytes + R"(
└── type  (a type)
)");
}

}  // namespace
}  // namespace ashlar::hdf5
