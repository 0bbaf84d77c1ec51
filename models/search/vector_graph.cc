// hnswlib's points are the numbers of vectors, whose codes lie here: so the graph is small, and its
// links are tensors like any other.
#include "models/search/vector_graph.h"

// Without its prefetches, which read behind lists of links; its own distances are not used.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "models/search/vector_dot.h"

namespace viv {
namespace {

constexpr int64_t kMaxDimensions = 65536;
// Links of a point in an upper layer; the lowest has twice as many.
constexpr size_t kLinks = 16;
constexpr size_t kLowestLinks = 2 * kLinks;
// Points that are looked at when one is added, and at least when some are searched.
constexpr size_t kLookedAtToAdd = 100;
constexpr size_t kLookedAtToFind = 200;
constexpr int64_t kLeastCapacity = 1024;
// The number of the vector that is searched for, which is none of the graph.
constexpr uint32_t kQuery = UINT32_MAX;

// The vector of a search, as a point: hnswlib hands its address to Distance().
struct Query {
  uint32_t number = kQuery;
  const int8_t* codes = nullptr;
  float inverse_norm = 0;
};

float InverseNorm(const int8_t* codes, int64_t n) {
  const int32_t square = VIV_CALL_ISA(DotCodes)(codes, codes, n);
  return square == 0 ? 0 : 1 / std::sqrt(static_cast<float>(square));
}

absl::Status Damaged(const char* what) {
  return absl::DataLossError(absl::StrCat("the graph of vectors is damaged: ", what));
}

}  // namespace

class VectorGraph::Graph : private hnswlib::SpaceInterface<float> {
 public:
  Graph(int64_t dimensions, int64_t capacity)
      : dimensions_(dimensions),
        links_(this, std::max(capacity, kLeastCapacity), kLinks, kLookedAtToAdd) {
    links_.setEf(kLookedAtToFind);
  }

  int64_t dimensions() const { return dimensions_; }
  int64_t size() const { return static_cast<int64_t>(inverse_norms_.size()); }
  const int8_t* codes(int64_t number) const {
    return number < stored_count_ ? stored_.data<int8_t>() + number * dimensions_
                                  : added_.data() + (number - stored_count_) * dimensions_;
  }

  absl::StatusOr<std::vector<int8_t>> Encode(absl::Span<const float> vector) const {
    if (static_cast<int64_t>(vector.size()) != dimensions_) {
      return absl::InvalidArgumentError(
          absl::StrCat("a vector of ", vector.size(), " numbers, others have ", dimensions_));
    }
    float most = 0;
    for (const float x : vector) {
      if (!std::isfinite(x)) return absl::InvalidArgumentError("a vector has numbers like NaN");
      most = std::max(most, std::abs(x));
    }
    std::vector<int8_t> codes(vector.size());
    for (size_t i = 0; i < codes.size() && most > 0; ++i) {
      codes[i] = static_cast<int8_t>(std::lround(vector[i] / most * 127));
    }
    return codes;
  }

  absl::Status Add(const int8_t* codes) {
    return RunGuarded("cannot add a vector", [&] {
      if (links_.cur_element_count == links_.max_elements_) {
        links_.resizeIndex(2 * links_.max_elements_);
      }
      const auto number = static_cast<uint32_t>(size());
      added_.insert(added_.end(), codes, codes + dimensions_);
      inverse_norms_.push_back(InverseNorm(codes, dimensions_));
      links_.addPoint(&number, number);
    });
  }

  absl::StatusOr<std::vector<NearVector>> Nearest(const int8_t* codes, int64_t count) const {
    std::vector<NearVector> near;
    const Query query = {.codes = codes, .inverse_norm = InverseNorm(codes, dimensions_)};
    RETURN_IF_ERROR(RunGuarded("cannot search vectors", [&] {
      auto found = links_.searchKnn(&query, std::clamp<int64_t>(count, 0, size()));
      near.resize(found.size());
      for (auto i = near.rbegin(); i != near.rend(); ++i, found.pop()) {
        *i = {static_cast<int64_t>(found.top().second), 1 - found.top().first};
      }
    }));
    return near;
  }

  absl::StatusOr<NamedTensors> ToTensors() const;
  // Fills an empty graph whose capacity is large enough with tensors that were checked.
  absl::Status SetTensors(const NamedTensors& tensors);

 private:
  using Links = hnswlib::HierarchicalNSW<float>;

  size_t get_data_size() override { return sizeof(uint32_t); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return &Distance; }
  void* get_dist_func_param() override { return this; }

  // Of two points; `a` may be a Query.
  static float Distance(const void* a, const void* b, const void* graph) {
    const Graph& g = *static_cast<const Graph*>(graph);
    const uint32_t from = *static_cast<const uint32_t*>(a), to = *static_cast<const uint32_t*>(b);
    const int8_t* codes = nullptr;
    float inverse_norm = 0;
    if (from == kQuery) {
      const Query& query = *static_cast<const Query*>(a);
      codes = query.codes;
      inverse_norm = query.inverse_norm;
    } else {
      codes = g.codes(from);
      inverse_norm = g.inverse_norms_[from];
    }
    const int32_t dot = VIV_CALL_ISA(DotCodes)(codes, g.codes(to), g.dimensions_);
    return 1 - static_cast<float>(dot) * inverse_norm * g.inverse_norms_[to];
  }

  const int64_t dimensions_;
  // The codes: first those of the tensors that it was read from, which may lie in a file.
  Tensor stored_;
  int64_t stored_count_ = 0;
  std::vector<int8_t> added_;
  std::vector<float> inverse_norms_;  // of the codes
  Links links_;
};

// Beside the codes: "lowest" int32 [N, 1 + 32], the number of each point's links in the lowest
// layer, and where they lead; "levels" int32 [N], in how many upper layers it is; "upper" int32
// [sum of levels, 1 + 16], its links there, from the lower to the higher; "entry" int32, where a
// search begins, -1 without points.
absl::StatusOr<NamedTensors> VectorGraph::Graph::ToTensors() const {
  const int64_t n = size();
  int64_t layers = 0;
  for (int64_t i = 0; i < n; ++i) layers += links_.element_levels_[i];
  ASSIGN_OR_RETURN(Tensor codes, Tensor::Make(kInt8, Shape({n, dimensions_})));
  ASSIGN_OR_RETURN(Tensor lowest, Tensor::Make(kInt32, Shape({n, 1 + kLowestLinks})));
  ASSIGN_OR_RETURN(Tensor levels, Tensor::Make(kInt32, Shape({n})));
  ASSIGN_OR_RETURN(Tensor upper, Tensor::Make(kInt32, Shape({layers, 1 + kLinks})));
  auto* code = codes.mutable_data<int8_t>();
  auto* low = lowest.mutable_data<int32_t>();
  auto* up = upper.mutable_data<int32_t>();
  for (int64_t i = 0; i < n; ++i, low += 1 + kLowestLinks) {
    code = std::copy_n(this->codes(i), dimensions_, code);
    const auto point = static_cast<hnswlib::tableint>(i);
    std::memcpy(low, links_.get_linklist0(point), sizeof(int32_t) * (1 + kLowestLinks));
    levels.mutable_data<int32_t>()[i] = links_.element_levels_[i];
    for (int level = 1; level <= links_.element_levels_[i]; ++level, up += 1 + kLinks) {
      std::memcpy(up, links_.get_linklist(point, level), sizeof(int32_t) * (1 + kLinks));
    }
  }
  const Tensor entry = Tensor::Scalar<int32_t>(n == 0 ? -1 : links_.enterpoint_node_);
  return NamedTensors{
      {"codes", codes}, {"lowest", lowest}, {"levels", levels}, {"upper", upper}, {"entry", entry}};
}

absl::Status VectorGraph::Graph::SetTensors(const NamedTensors& tensors) {
  const absl::Span<const int32_t> levels = tensors.at("levels").flat<int32_t>();
  const int32_t* low = tensors.at("lowest").data<int32_t>();
  const int32_t* up = tensors.at("upper").data<int32_t>();
  return RunGuarded("cannot read the graph of vectors", [&] {
    stored_ = tensors.at("codes");
    stored_count_ = stored_.dim(0);
    for (size_t i = 0; i < levels.size(); ++i, low += 1 + kLowestLinks) {
      inverse_norms_.push_back(InverseNorm(this->codes(static_cast<int64_t>(i)), dimensions_));
      const auto point = static_cast<hnswlib::tableint>(i);
      std::memcpy(links_.get_linklist0(point), low, sizeof(int32_t) * (1 + kLowestLinks));
      std::memcpy(links_.getDataByInternalId(point), &point, sizeof(point));
      links_.setExternalLabel(point, i);
      links_.label_lookup_[i] = point;
      if (levels[i] > 0) {
        // hnswlib frees it.
        const size_t bytes = sizeof(int32_t) * (1 + kLinks) * levels[i];
        auto* const upper = static_cast<char*>(std::malloc(bytes));
        if (upper == nullptr) throw std::bad_alloc();
        std::memcpy(upper, up, bytes);
        up += (1 + kLinks) * levels[i];
        links_.linkLists_[i] = upper;
      }
      // Last, so that what is freed after an exception is what there is.
      links_.element_levels_[i] = levels[i];
      links_.cur_element_count = i + 1;
    }
    if (levels.empty()) return;
    links_.enterpoint_node_ = static_cast<hnswlib::tableint>(tensors.at("entry").scalar<int32_t>());
    links_.maxlevel_ = *std::max_element(levels.begin(), levels.end());
  });
}

namespace {

// Whether the lists, each a number of links and where they lead, are good in a layer of points with
// at least that level.
bool AreLinks(const int32_t* list, size_t most, int32_t level, absl::Span<const int32_t> levels) {
  if (list[0] < 0 || list[0] > static_cast<int32_t>(most)) return false;
  return std::all_of(list + 1, list + 1 + list[0], [&](int32_t to) {
    return to >= 0 && to < static_cast<int64_t>(levels.size()) && levels[to] >= level;
  });
}

absl::Status CheckLinks(const NamedTensors& tensors) {
  const absl::Span<const int32_t> levels = tensors.at("levels").flat<int32_t>();
  const int32_t* low = tensors.at("lowest").data<int32_t>();
  const int32_t* up = tensors.at("upper").data<int32_t>();
  const int32_t* const end = up + tensors.at("upper").num_elements();
  int32_t highest = 0;
  for (const int32_t level : levels) {
    if (!AreLinks(low, kLowestLinks, 0, levels)) return Damaged("a link leads nowhere");
    low += 1 + kLowestLinks;
    if (level < 0 || level > (end - up) / static_cast<int64_t>(1 + kLinks)) {
      return Damaged("it has other layers than links");
    }
    for (int32_t i = 1; i <= level; ++i, up += 1 + kLinks) {
      if (!AreLinks(up, kLinks, i, levels)) return Damaged("a link of a layer leads nowhere");
    }
    highest = std::max(highest, level);
  }
  if (up != end) return Damaged("it has other links than layers");
  const auto entry = tensors.at("entry").scalar<int32_t>();
  if (levels.empty()
          ? entry != -1
          : entry < 0 || entry >= static_cast<int64_t>(levels.size()) || levels[entry] != highest) {
    return Damaged("its entry is not in the highest layer");
  }
  return absl::OkStatus();
}

absl::Status CheckTensors(const NamedTensors& tensors) {
  const auto codes = tensors.find("codes");
  if (codes == tensors.end() || codes->second.dtype() != kInt8 || codes->second.rank() != 2 ||
      codes->second.dim(1) < 1 || codes->second.dim(1) > kMaxDimensions ||
      codes->second.dim(0) > INT32_MAX) {
    return Damaged("it has no codes");
  }
  const int64_t n = codes->second.dim(0);
  const struct {
    const char* name;
    int64_t rows, columns;  // -1: any number of rows; 0: no columns
  } expected[] = {{"lowest", n, 1 + kLowestLinks}, {"levels", n, 0}, {"upper", -1, 1 + kLinks}};
  for (const auto& e : expected) {
    const auto tensor = tensors.find(e.name);
    const bool good = tensor != tensors.end() && tensor->second.dtype() == kInt32 &&
                      tensor->second.rank() == (e.columns > 0 ? 2 : 1) &&
                      (e.rows < 0 || tensor->second.dim(0) == e.rows) &&
                      (e.columns == 0 || tensor->second.dim(1) == e.columns);
    if (!good) return Damaged(e.name);
  }
  const auto entry = tensors.find("entry");
  if (entry == tensors.end() || entry->second.dtype() != kInt32 ||
      entry->second.num_elements() != 1) {
    return Damaged("entry");
  }
  return CheckLinks(tensors);
}

}  // namespace

VectorGraph::VectorGraph(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}
VectorGraph::~VectorGraph() = default;
int64_t VectorGraph::dimensions() const { return graph_->dimensions(); }
int64_t VectorGraph::size() const { return graph_->size(); }

absl::StatusOr<std::unique_ptr<VectorGraph>> VectorGraph::MakeFor(int64_t dimensions,
                                                                  int64_t capacity) {
  if (dimensions < 1 || dimensions > kMaxDimensions) {
    return absl::InvalidArgumentError(
        absl::StrCat("vectors have 1 to ", kMaxDimensions, " dimensions, not ", dimensions));
  }
  std::unique_ptr<Graph> graph;
  RETURN_IF_ERROR(RunGuarded("cannot make a graph of vectors",
                             [&] { graph = std::make_unique<Graph>(dimensions, capacity); }));
  return std::unique_ptr<VectorGraph>(new VectorGraph(std::move(graph)));
}

absl::StatusOr<std::unique_ptr<VectorGraph>> VectorGraph::Make(int64_t dimensions) {
  return MakeFor(dimensions, 0);
}

absl::StatusOr<std::unique_ptr<VectorGraph>> VectorGraph::FromTensors(const NamedTensors& tensors) {
  RETURN_IF_ERROR(CheckTensors(tensors));
  const Tensor& codes = tensors.at("codes");
  ASSIGN_OR_RETURN(std::unique_ptr<VectorGraph> graph, MakeFor(codes.dim(1), codes.dim(0)));
  RETURN_IF_ERROR(graph->graph_->SetTensors(tensors));
  return graph;
}

absl::Status VectorGraph::Add(absl::Span<const float> vector) {
  ASSIGN_OR_RETURN(const std::vector<int8_t> codes, graph_->Encode(vector));
  return graph_->Add(codes.data());
}

absl::StatusOr<std::vector<NearVector>> VectorGraph::Nearest(absl::Span<const float> vector,
                                                             int64_t count) const {
  ASSIGN_OR_RETURN(const std::vector<int8_t> codes, graph_->Encode(vector));
  return graph_->Nearest(codes.data(), count);
}

absl::StatusOr<std::vector<NearVector>> VectorGraph::NearestTo(int64_t number,
                                                               int64_t count) const {
  return graph_->Nearest(graph_->codes(number), count);
}

absl::StatusOr<std::unique_ptr<VectorGraph>> VectorGraph::Part(
    absl::Span<const int64_t> numbers) const {
  ASSIGN_OR_RETURN(std::unique_ptr<VectorGraph> part,
                   MakeFor(dimensions(), static_cast<int64_t>(numbers.size())));
  for (const int64_t number : numbers) {
    RETURN_IF_ERROR(part->graph_->Add(graph_->codes(number)));
  }
  return part;
}

absl::StatusOr<NamedTensors> VectorGraph::ToTensors() const { return graph_->ToTensors(); }

}  // namespace viv
