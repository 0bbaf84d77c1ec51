// A captioner as a model of a server, and the call that its page makes.
#ifndef VIV_MODELS_SERVING_CAPTIONS_SERVED_CAPTIONER_H_
#define VIV_MODELS_SERVING_CAPTIONS_SERVED_CAPTIONER_H_

#include "core/serving/served_model.h"
#include "models/serving/vision/served_photo.h"

namespace viv {

// Loads bundles of kind "caption_image". An item's input is "photo", a string: the file's bytes, or
// those in base64, for JSON. Its outputs are "caption", "confidence" (1 without calibration) and
// "json", the line that `caption_image --json` prints. Its parameters are "nbest", the number of
// sentences, at most 10, and "sample": "1" draws them. `precision`: see SessionOptions.
ServedModelLoader CaptionerLoader(int beam, DType precision = kFloat);

// POST /caption?nbest=3 with a photo's bytes as the body: the reply is the line of
// `caption_image --json`. `infer` blocks until the items are answered.
HttpRoute CaptionRoute(InferItems infer);

}  // namespace viv

#endif  // VIV_MODELS_SERVING_CAPTIONS_SERVED_CAPTIONER_H_
