// A model for tests of servers: it answers "<prefix><text>", or does what a test needs.
#ifndef VIV_TESTS_SERVING_FAKE_MODEL_H_
#define VIV_TESTS_SERVING_FAKE_MODEL_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/serving/served_model.h"

namespace viv {

class FakeModel : public ServedModel {
 public:
  explicit FakeModel(std::string prefix) : prefix_(std::move(prefix)) {}

  const std::vector<ServedTensor>& inputs() const override { return tensors_; }
  const std::vector<ServedTensor>& outputs() const override { return tensors_; }
  // The text "bad" is an error; "how wide?" and "HOW WIDE?", which is large, are answered by the
  // parts of a loop.
  std::vector<absl::StatusOr<Example>> Infer(
      absl::Span<const ServedItem* const> batch) const override {
    std::vector<absl::StatusOr<Example>> answers;
    for (const ServedItem* item : batch) {
      const std::string& text = item->inputs[0].scalar<std::string>();
      if (text == "bad") {
        answers.emplace_back(absl::InvalidArgumentError("bad text"));
      } else if (text == "how wide?" || IsLarge(*item)) {
        std::atomic<int> parts = 0;
        ParallelFor(MaxThreads(), 1, [&parts](int64_t, int64_t) { ++parts; });
        answers.emplace_back(Example{Tensor::Scalar(absl::StrCat(parts.load()))});
      } else {
        answers.emplace_back(Example{Tensor::Scalar(prefix_ + text)});
      }
    }
    return answers;
  }
  bool IsLarge(const ServedItem& item) const override {
    return item.inputs[0].scalar<std::string>() == "HOW WIDE?";
  }
  std::vector<ServedItem> WarmUp() const override {
    return {{.inputs = {Tensor::Scalar(prefix_ == "cold" ? "bad" : "warm")}}};
  }

 private:
  const std::string prefix_;
  const std::vector<ServedTensor> tensors_ = {{"text", kString, PartialShape({})}};
};

// Its bundle is a folder whose bundle.json is the prefix; "broken" cannot be loaded.
inline absl::StatusOr<std::unique_ptr<const ServedModel>> LoadFakeModel(
    const std::string& directory) {
  ASSIGN_OR_RETURN(const std::string prefix,
                   Env::Default()->ReadFile(JoinPath(directory, "bundle.json")));
  if (prefix == "broken") return absl::DataLossError("it is broken");
  return std::make_unique<const FakeModel>(prefix);
}

}  // namespace viv

#endif  // VIV_TESTS_SERVING_FAKE_MODEL_H_
