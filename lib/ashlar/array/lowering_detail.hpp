#pragma once
// From expressions to layers of tasks.
//
// A plan says for every node that the wanted arrays need whether it gets chunks of its own or is computed inside those that use it (a
// group, one fused program). A node is inlined when one group alone uses it in one way, or when computing it again is cheaper than
// keeping it. Nothing here knows the number of workers, so the same expression gives the same tasks and the same bits everywhere.

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/array/operations_detail.hpp"
#include "ashlar/graph/collection.hpp"

namespace ashlar::lowering {

/// The part of a source that anybody needs: elements start + step * i, cut where the source's chunks are.
struct Part {
  std::vector<index_t> start, step;
  Chunks chunks;
  /// A view of the source as a view of the part.
  View seen(const View& view) const;
};

/// Which nodes have chunks of their own.
class Plan {
 public:
  Plan(const std::vector<ArrayPtr>& roots, bool optimize);
  /// All nodes, inputs before users.
  const std::vector<ArrayPtr>& order() const { return order_; }
  bool has_chunks(const ArrayNode* node) const { return notes_.at(node).chunks; }
  /// A small array of the client that travels inside operations.
  bool travels_inside(const ArrayNode* node) const { return notes_.at(node).inside; }
  /// Of a source that can make parts of itself and is not needed whole; else null.
  const Part* part(const ArrayNode* node) const { return notes_.at(node).part.get(); }
  bool needs_tasks(const ArrayNode* node) const { return notes_.at(node).tasks || !notes_.at(node).inside; }

 private:
  /// One way in which a group sees a node.
  struct Use {
    const ArrayNode* group;
    View view;
    friend bool operator==(const Use&, const Use&) = default;
  };
  struct Note {
    std::vector<Use> uses;
    int cost = 0;         // of one element if everything below were inlined
    int members = 0;      // of a group
    bool wanted = false;  // a root, or read by an operation that needs its chunks
    bool tasks = false;   // its results themselves are handed on
    bool chunks = false, inside = false;
    std::shared_ptr<const Part> part;
  };
  void decide(const ArrayNode* node, bool optimize);
  bool can_inline(const ArrayNode* node, const Note& note) const;
  void use(const ArrayNode* node, const Use& use);
  std::shared_ptr<const Part> part_needed(const ArrayNode& node, const Note& note) const;
  std::vector<ArrayPtr> order_;
  std::unordered_map<const ArrayNode*, Note> notes_;
};

/// The shape that a group's program runs over.
const ArrayNode& group_space(const ArrayNode& group);

class GroupProgram;

/// Makes the layers of all nodes that have chunks. `places`: reserved layer numbers of the roots.
class Lowering {
 public:
  Lowering(GraphBuilder& builder, const Plan& plan, std::unordered_map<const ArrayNode*, std::int32_t> places)
      : builder_(builder), plan_(plan), places_(std::move(places)) {}
  void run();

 private:
  void lower(const ArrayPtr& node);
  void lower_fused(const ArrayNode& node);
  void lower_reduction(const ReductionNode& node);
  void lower_reshape(const ReshapeNode& node);
  void lower_concatenate(const ConcatenateNode& node);
  void lower_mask(const MaskNode& node);
  void lower_set(const SetNode& node);
  void lower_blocks(const BlocksNode& node);
  void lower_overlap(const OverlapNode& node);
  /// Puts the node's last layer at its place.
  std::int32_t place(const ArrayNode& node, std::shared_ptr<const Layer> layer);
  /// The node's chunks are tasks that exist already.
  void same_tasks(const ArrayNode& node, std::vector<TaskRef> refs);
  Gather::Leaf leaf(const ArrayNode& node) const;
  Refs refs(const ArrayNode& node) const;
  /// Gives the gather one input per array that the program reads; the tasks of their chunks.
  std::vector<Refs> add_reads(Gather& gather, const GroupProgram& group);
  /// Where many tasks read small parts of an array's chunks: cuts them there, and makes the leaf one of parts. The tasks of the leaf's chunks.
  Refs cut_where_many_read(const ArrayNode& node, const ChunkGrid& tasks, const std::vector<View>& views, Gather::Leaf& leaf, Refs refs);

  GraphBuilder& builder_;
  const Plan& plan_;
  std::unordered_map<const ArrayNode*, std::int32_t> places_;
  std::unordered_map<const ArrayNode*, Refs> refs_;
};

/// One fused program under construction.
class GroupProgram {
 public:
  GroupProgram(const Plan& plan, const ArrayNode& group) : plan_(plan), group_(group), space_(group_space(group).shape()) {}
  /// The value of a node seen through a view.
  Program::Value emit(const ArrayNode& node, const View& view);
  Program& program() { return program_; }
  /// Nodes with chunks, one per program input, in order.
  struct Read {
    const ArrayNode* node;
    View view;
  };
  const std::vector<Read>& reads() const { return reads_; }
  /// Names of what is fused, from the result down.
  std::string name() const;

 private:
  struct Made {
    View view;
    Program::Value value;
  };
  Program::Value emit_as(const ArrayNode& node, const View& view, DType type);
  const Plan& plan_;
  const ArrayNode& group_;
  const Shape space_;
  Program program_;
  std::vector<Read> reads_;
  std::vector<std::string> names_;
  std::unordered_map<const ArrayNode*, std::vector<Made>> made_;
};

}  // namespace ashlar::lowering
