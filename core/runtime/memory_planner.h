// Places blocks with known lifetimes in one arena so that blocks which are never alive together
// share memory.
#ifndef VIV_CORE_RUNTIME_MEMORY_PLANNER_H_
#define VIV_CORE_RUNTIME_MEMORY_PLANNER_H_

#include <cstddef>
#include <vector>

namespace viv {

struct MemoryBlock {
  size_t bytes = 0;
  // Alive from step `first` to step `last`, both included.
  int first = 0;
  int last = 0;
  // Set by PlanMemory.
  size_t offset = 0;
};

// Sets the offsets (multiples of Allocator::kAlignment) and returns the size of the arena. Large
// blocks first, each at the lowest place where it overlaps no block alive at the same time: the
// "greedy by size" of Pisarchyk and Lee 2020 (arXiv:2001.03288).
size_t PlanMemory(std::vector<MemoryBlock>& blocks);

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_MEMORY_PLANNER_H_
