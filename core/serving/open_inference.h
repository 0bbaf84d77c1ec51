// The Open Inference Protocol, version 2, over HTTP (github.com/kserve/open-inference-protocol).
#ifndef VIV_CORE_SERVING_OPEN_INFERENCE_H_
#define VIV_CORE_SERVING_OPEN_INFERENCE_H_

#include <functional>
#include <vector>

#include "core/serving/http.h"
#include "core/serving/model_slot.h"

namespace viv {

// Health, metadata and inference of the slots, which outlive the routes' use. Every input and
// output has a first dimension more than the model's: the items of the request. A reply says under
// "parameters" how many items its batch had. A request one of whose items fails, fails.
std::vector<HttpRoute> OpenInferenceRoutes(const std::vector<ModelSlot*>& slots);

}  // namespace viv

#endif  // VIV_CORE_SERVING_OPEN_INFERENCE_H_
