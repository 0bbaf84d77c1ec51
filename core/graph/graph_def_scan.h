// A look at the bytes of a graph before they are parsed: messages that are empty cost a file two
// bytes and a program hundreds.
#ifndef VIV_CORE_GRAPH_GRAPH_DEF_SCAN_H_
#define VIV_CORE_GRAPH_GRAPH_DEF_SCAN_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace viv {

// ResourceExhausted where the messages of a GraphDef have more than `max_fields` fields, DataLoss
// for bytes that are no messages. Needs no memory.
absl::Status ScanGraphDef(absl::string_view bytes, int64_t max_fields);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_GRAPH_DEF_SCAN_H_
