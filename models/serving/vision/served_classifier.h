// A classifier of photos as a model of a server, and the call that its page makes.
#ifndef VIV_MODELS_SERVING_VISION_SERVED_CLASSIFIER_H_
#define VIV_MODELS_SERVING_VISION_SERVED_CLASSIFIER_H_

#include "core/serving/served_model.h"
#include "models/serving/vision/served_photo.h"

namespace viv {

// Loads bundles of kind "classify_image". An item's input is "photo", a string: the file's bytes,
// or those in base64, for JSON. Its outputs are "label", "confidence" and "json", the line that
// `classify_image --json` prints. Its parameters are "top", the number of labels, and "explain":
// "1" adds "explanation" to "json", the photo as PNG in base64 with what spoke for the label drawn
// over it. `precision`: see SessionOptions.
ServedModelLoader ClassifierLoader(DType precision = kFloat);

// POST /classify?top=5&explain=1 with a photo's bytes as the body: the reply is the line of
// `classify_image --json`. `infer` blocks until the items are answered.
HttpRoute ClassifyRoute(InferItems infer);

}  // namespace viv

#endif  // VIV_MODELS_SERVING_VISION_SERVED_CLASSIFIER_H_
