// Which rows were seen before: a hash table of row numbers in a kernel's scratch memory, as large
// as the number of rows seen, not as the table that they belong to.
#ifndef VIV_CORE_KERNELS_CPU_ROW_TABLE_H_
#define VIV_CORE_KERNELS_CPU_ROW_TABLE_H_

#include <algorithm>
#include <bit>
#include <cstdint>

namespace viv {

class RowTable {
 public:
  // For at most `rows` different rows.
  static size_t ScratchBytes(int64_t rows) { return Capacity(rows) * sizeof(Entry); }
  RowTable(void* scratch, int64_t rows)
      : entries_(static_cast<Entry*>(scratch)), mask_(Capacity(rows) - 1) {
    std::fill_n(entries_, mask_ + 1, Entry{-1, -1});
  }

  // Where `row` (not negative) was claimed first: `position`, if it is new.
  int64_t Claim(int64_t row, int64_t position) {
    // Fibonacci hashing; neighbouring rows go far apart.
    uint64_t at = (static_cast<uint64_t>(row) * 0x9e3779b97f4a7c15u) >> 32;
    for (;; ++at) {
      Entry& entry = entries_[at & mask_];
      if (entry.row == row) return entry.position;
      if (entry.row < 0) {
        entry = {row, position};
        return position;
      }
    }
  }

 private:
  struct Entry {
    int64_t row, position;
  };
  static uint64_t Capacity(int64_t rows) {
    return std::bit_ceil(static_cast<uint64_t>(std::max<int64_t>(2 * rows, 2)));
  }

  Entry* entries_;
  uint64_t mask_;
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_ROW_TABLE_H_
