// Greedy placement by size.
#include "core/runtime/memory_planner.h"

#include <algorithm>
#include <numeric>

#include "core/tensor/allocator.h"

namespace viv {
namespace {

size_t RoundUp(size_t bytes) {
  return (bytes + Allocator::kAlignment - 1) / Allocator::kAlignment * Allocator::kAlignment;
}

}  // namespace

size_t PlanMemory(std::vector<MemoryBlock>& blocks) {
  std::vector<size_t> by_size(blocks.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  std::vector<const MemoryBlock*> placed;  // by offset
  size_t arena = 0;
  for (size_t index : by_size) {
    MemoryBlock& block = blocks[index];
    const size_t bytes = RoundUp(block.bytes);
    size_t offset = 0;
    for (const MemoryBlock* other : placed) {
      if (other->last < block.first || block.last < other->first) continue;
      if (offset + bytes <= other->offset) break;
      offset = std::max(offset, other->offset + RoundUp(other->bytes));
    }
    block.offset = offset;
    arena = std::max(arena, offset + bytes);
    const auto at = std::upper_bound(
        placed.begin(), placed.end(), &block,
        [](const MemoryBlock* a, const MemoryBlock* b) { return a->offset < b->offset; });
    placed.insert(at, &block);
  }
  return arena;
}

}  // namespace viv
