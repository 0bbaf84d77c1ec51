// Walks the wire format: https://protobuf.dev/programming-guides/encoding. Which fields are
// messages stands in tables below, after graph_def.proto; a message that is missing there would be
// counted as one field.
#include "core/graph/graph_def_scan.h"

#include <google/protobuf/io/coded_stream.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/status.h"

namespace viv {
namespace {

using google::protobuf::io::CodedInputStream;

// The fields of a message that are messages themselves.
struct Kind;
struct Child {
  int field;
  const Kind* kind;
};
struct Kind {
  absl::Span<const Child> children;
};

constexpr Kind kLeaf = {};
constexpr Child kShapeListChildren[] = {{1, &kLeaf}};
constexpr Kind kShapeList = {kShapeListChildren};
constexpr Child kAttrChildren[] = {{7, &kLeaf},  {8, &kLeaf},       {9, &kLeaf}, {10, &kLeaf},
                                   {11, &kLeaf}, {12, &kShapeList}, {13, &kLeaf}};
constexpr Kind kAttr = {kAttrChildren};
constexpr Child kNodeChildren[] = {{5, &kAttr}};
constexpr Kind kNode = {kNodeChildren};
constexpr Child kFunctionChildren[] = {{3, &kNode}};
constexpr Kind kFunction = {kFunctionChildren};
constexpr Child kSignatureChildren[] = {{2, &kLeaf}, {3, &kLeaf}};
constexpr Kind kSignature = {kSignatureChildren};
constexpr Child kGraphChildren[] = {{4, &kFunction}, {5, &kNode}, {6, &kSignature}};
constexpr Kind kGraph = {kGraphChildren};

class Scanner {
 public:
  Scanner(absl::string_view bytes, int64_t max_fields)
      : stream_(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        max_fields_(max_fields) {
    stream_.PushLimit(static_cast<int>(bytes.size()));
  }

  // As deep as the tables are, no deeper.
  absl::Status Message(const Kind& kind) {
    for (;;) {
      const uint32_t tag = stream_.ReadTag();
      if (tag == 0) {
        if (stream_.ConsumedEntireMessage()) return absl::OkStatus();
        return Broken();
      }
      if (++fields_ > max_fields_) {
        return absl::ResourceExhaustedError(
            absl::StrCat("the graph has more than ", max_fields_, " fields"));
      }
      RETURN_IF_ERROR(Value(tag, kind));
    }
  }

 private:
  absl::Status Value(uint32_t tag, const Kind& kind) {
    uint64_t number = 0;
    uint32_t length = 0;
    switch (tag & 7) {
      case 0:
        return stream_.ReadVarint64(&number) ? absl::OkStatus() : Broken();
      case 1:
        return stream_.Skip(8) ? absl::OkStatus() : Broken();
      case 5:
        return stream_.Skip(4) ? absl::OkStatus() : Broken();
      case 2:
        break;
      default:  // groups: nobody writes them
        return Broken();
    }
    if (!stream_.ReadVarint32(&length) || length > std::numeric_limits<int>::max()) return Broken();
    for (const Child& child : kind.children) {
      if (child.field == static_cast<int>(tag >> 3)) return Inside(*child.kind, length);
    }
    return stream_.Skip(static_cast<int>(length)) ? absl::OkStatus() : Broken();
  }

  absl::Status Inside(const Kind& kind, uint32_t length) {
    if (static_cast<int>(length) > stream_.BytesUntilLimit()) return Broken();
    const CodedInputStream::Limit limit = stream_.PushLimit(static_cast<int>(length));
    RETURN_IF_ERROR(Message(kind));
    stream_.PopLimit(limit);
    return absl::OkStatus();
  }

  absl::Status Broken() {
    return absl::DataLossError(absl::StrCat(
        "the bytes are no graph: they are damaged at or before byte ", stream_.CurrentPosition()));
  }

  CodedInputStream stream_;
  const int64_t max_fields_;
  int64_t fields_ = 0;
};

}  // namespace

absl::Status ScanGraphDef(absl::string_view bytes, int64_t max_fields) {
  return Scanner(bytes, max_fields).Message(kGraph);
}

}  // namespace viv
