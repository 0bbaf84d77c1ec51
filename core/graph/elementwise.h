// Which ops compute every element on its own: what the op Fused may be made of.
#ifndef VIV_CORE_GRAPH_ELEMENTWISE_H_
#define VIV_CORE_GRAPH_ELEMENTWISE_H_

#include <string>

namespace viv {

// Whether element i of the op's output is a function of element i of its inputs, which broadcast.
bool IsElementwise(const std::string& op);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_ELEMENTWISE_H_
