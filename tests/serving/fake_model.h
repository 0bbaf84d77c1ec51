// A model for tests of servers: it answers "<prefix><text>", or does what a test needs.
#ifndef VIV_TESTS_SERVING_FAKE_MODEL_H_
#define VIV_TESTS_SERVING_FAKE_MODEL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/base/status.h"
#include "core/serving/served_model.h"

namespace viv {

class FakeModel : public ServedModel {
 public:
  explicit FakeModel(std::string prefix) : prefix_(std::move(prefix)) {}

  const std::vector<ServedTensor>& inputs() const override { return tensors_; }
  const std::vector<ServedTensor>& outputs() const override { return tensors_; }
  // The text "bad" is an error.
  std::vector<absl::StatusOr<Example>> Infer(
      absl::Span<const ServedItem* const> batch) const override {
    std::vector<absl::StatusOr<Example>> answers;
    for (const ServedItem* item : batch) {
      const std::string& text = item->inputs[0].scalar<std::string>();
      if (text == "bad") {
        answers.emplace_back(absl::InvalidArgumentError("bad text"));
      } else {
        answers.emplace_back(Example{Tensor::Scalar(prefix_ + text)});
      }
    }
    return answers;
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
