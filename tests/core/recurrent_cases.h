// Shapes, lengths and directions that every recurrent layer is tested with.
#ifndef VIV_TESTS_CORE_RECURRENT_CASES_H_
#define VIV_TESTS_CORE_RECURRENT_CASES_H_

#include <cstdint>
#include <vector>

namespace viv {

struct LayerCase {
  int64_t steps, batch, features, units;
  std::vector<int32_t> lengths;  // empty: none
  bool reverse;
};

inline const std::vector<LayerCase>& Cases() {
  static const auto* cases = new std::vector<LayerCase>{{5, 3, 4, 6, {}, false},
                                                        {5, 3, 4, 6, {}, true},
                                                        {5, 4, 3, 9, {5, 0, 3, 1}, false},
                                                        {5, 4, 3, 9, {5, 0, 3, 1}, true},
                                                        {4, 2, 3, 17, {2, 3}, true},
                                                        {1, 1, 1, 1, {}, false},
                                                        {3, 20, 7, 40, {}, false},
                                                        {0, 2, 3, 4, {}, false},
                                                        {0, 2, 3, 4, {}, true},
                                                        {3, 0, 2, 4, {}, true},
                                                        {3, 2, 0, 5, {}, false}};
  return *cases;
}

}  // namespace viv

#endif  // VIV_TESTS_CORE_RECURRENT_CASES_H_
