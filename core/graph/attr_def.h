// Between attributes and their messages. For the files of graph_def.h only.
#ifndef VIV_CORE_GRAPH_ATTR_DEF_H_
#define VIV_CORE_GRAPH_ATTR_DEF_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/graph/graph_def.pb.h"
#include "core/tensor/attr.h"

namespace viv {

// InvalidArgument for an attribute without a value or a tensor of no type.
absl::Status EncodeAttr(const std::string& name, const AttrValue& value, proto::AttrDef* def);

// InvalidArgument for unknown types, shapes that cannot be, and tensors whose contents do not fit
// their shapes.
absl::StatusOr<AttrValue> DecodeAttr(const proto::AttrDef& def);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_ATTR_DEF_H_
