// What a server needs of a model.
#ifndef VIV_CORE_SERVING_SERVED_MODEL_H_
#define VIV_CORE_SERVING_SERVED_MODEL_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/data/dataset.h"

namespace viv {

// An input or output of one item, without the dimension of the batch.
struct ServedTensor {
  std::string name;
  DType dtype = kInvalid;
  PartialShape shape;
};

// One thing to be answered: a sentence, a photo. `inputs` in the order of the model's.
struct ServedItem {
  Example inputs;
  // What the request wants beside it ("beam": "5"); the model knows the keys.
  std::map<std::string, std::string> parameters;
};

// Safe for concurrent use.
class ServedModel {
 public:
  virtual ~ServedModel() = default;
  virtual const std::vector<ServedTensor>& inputs() const = 0;
  virtual const std::vector<ServedTensor>& outputs() const = 0;
  // Answers a batch whose items have the same parameters, in order: the outputs of each, or what is
  // wrong with it. Inputs have the types and fit the shapes of inputs().
  virtual std::vector<absl::StatusOr<Example>> Infer(
      absl::Span<const ServedItem* const> batch) const = 0;
  // Whether one item is so much work that all threads should share it. Smaller ones run on one
  // thread each where several batches run at a time.
  virtual bool IsLarge(const ServedItem& /*item*/) const { return false; }
  // Items that make it ready for what is usual: they are run before it serves.
  virtual std::vector<ServedItem> WarmUp() const = 0;
};

// Makes a model of a bundle's folder.
using ServedModelLoader =
    std::function<absl::StatusOr<std::unique_ptr<const ServedModel>>(const std::string&)>;

}  // namespace viv

#endif  // VIV_CORE_SERVING_SERVED_MODEL_H_
