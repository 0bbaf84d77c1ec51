// A photo that cannot be read goes through as an example without sentences until it is filtered.
#include "models/captions/caption_data.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/logging.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/base/utf8.h"
#include "datasets/coco/coco.h"
#include "datasets/flickr8k/flickr8k.h"

namespace viv {
namespace {

CaptionSplit HoldOutEveryTenth(CaptionedImages all) {
  CaptionSplit split;
  for (size_t i = 0; i < all.images.size(); ++i) {
    (i % 10 == 0 ? split.validation : split.train).images.push_back(std::move(all.images[i]));
  }
  split.train.skipped = std::move(all.skipped);
  return split;
}

// The sentences of one photo as rows: in, out, lengths.
struct Rows {
  Tensor in, out, lengths;
};

absl::StatusOr<Rows> RowsOf(const CaptionedImage& image, const Tokenizer& tokenizer,
                            int max_words) {
  std::vector<std::vector<int32_t>> sentences;
  size_t longest = 0;
  for (const std::string& caption : image.captions) {
    ASSIGN_OR_RETURN(std::vector<int32_t> words, tokenizer.Encode(PlainCaption(caption)));
    if (words.empty() || static_cast<int>(words.size()) > max_words) continue;
    longest = std::max(longest, words.size() + 1);
    sentences.push_back(std::move(words));
  }
  const Shape shape({static_cast<int64_t>(sentences.size()), static_cast<int64_t>(longest)});
  std::vector<int32_t> in(shape.num_elements(), tokenizer.pad()), out = in, lengths;
  for (size_t row = 0; row < sentences.size(); ++row) {
    const std::vector<int32_t>& words = sentences[row];
    in[row * longest] = tokenizer.bos();
    std::copy(words.begin(), words.end(), in.begin() + row * longest + 1);
    std::copy(words.begin(), words.end(), out.begin() + row * longest);
    out[row * longest + words.size()] = tokenizer.eos();
    lengths.push_back(static_cast<int32_t>(words.size() + 1));
  }
  return Rows{Tensor::Of<int32_t>(shape, in), Tensor::Of<int32_t>(shape, out),
              Tensor::Vector<int32_t>(lengths)};
}

// Photos [N, S, S, 3] and rows [N, C, T], [N, C] -> the fields of a batch: M = N * C.
Example Flatten(Example batch) {
  const int64_t photos = batch[1].dim(0), each = batch[1].dim(1), longest = batch[1].dim(2);
  std::vector<int32_t> photo_of;
  for (int64_t i = 0; i < photos * each; ++i) {
    photo_of.push_back(static_cast<int32_t>(i / each));
  }
  Example fields = {std::move(batch[0]), Tensor::Vector<int32_t>(photo_of)};
  for (const int rows : {1, 2}) {
    fields.push_back(batch[rows].Reshaped(Shape({photos * each, longest})));
  }
  fields.push_back(batch[3].Reshaped(Shape({photos * each})));
  return fields;
}

// What is made of a whole photo: augmented or fitted.
using MakePhoto = std::function<absl::StatusOr<Tensor>(const Tensor&, const ElementInfo&)>;

Dataset Photos(std::shared_ptr<const CaptionedImages> photos, const std::string& name,
               const Tokenizer& tokenizer, int64_t min_side, const CaptionBatchOptions& options,
               const MakePhoto& make, bool shuffle) {
  const auto size = static_cast<int64_t>(photos->images.size());
  Dataset numbers = Dataset::FromIndex("photos", size, [](int64_t i) -> absl::StatusOr<Example> {
    return Example{Tensor::Scalar(i)};
  });
  if (shuffle) numbers = numbers.Shuffle(options.seed);
  const auto read = [=, max_words = options.max_words](
                        Example example, const ElementInfo& info) -> absl::StatusOr<Example> {
    const CaptionedImage& image = photos->images[example[0].scalar<int64_t>()];
    ASSIGN_OR_RETURN(Rows rows, RowsOf(image, tokenizer, max_words));
    const absl::StatusOr<Tensor> whole = image.Decode({.min_side = min_side});
    if (!whole.ok()) {
      if (info.epoch == 0) LOG(WARNING) << "skipped: " << whole.status().message();
      return Example{Tensor(), *Tensor::Zeros(kInt32, Shape({0, 0})), Tensor(), Tensor()};
    }
    ASSIGN_OR_RETURN(Tensor photo, make(*whole, info));
    return Example{std::move(photo), rows.in, rows.out, rows.lengths};
  };
  return numbers.Map(name, read, options.threads).Filter("has sentences", [](const Example& e) {
    return e[1].dim(0) > 0;
  });
}

Dataset Batches(const Dataset& photos, const Tokenizer& tokenizer, int batch) {
  const double pad = tokenizer.pad();
  return photos.PaddedBatch(batch, {0, pad, pad, 0}).Map("flat", Flatten).Prefetch(3);
}

}  // namespace

absl::StatusOr<CaptionSplit> ReadCaptions(const std::string& spec) {
  absl::string_view rest = spec;
  Env* env = Env::Default();
  CaptionSplit split;
  if (absl::ConsumePrefix(&rest, "flickr8k:")) {
    ASSIGN_OR_RETURN(split.train, ReadFlickr8k(env, std::string(rest), "train"));
    ASSIGN_OR_RETURN(split.validation, ReadFlickr8k(env, std::string(rest), "dev"));
    return split;
  }
  if (absl::ConsumePrefix(&rest, "coco:")) {
    const std::vector<std::string> paths = absl::StrSplit(rest, ',');
    if (paths.size() == 2) {
      ASSIGN_OR_RETURN(CaptionedImages all, ReadCocoCaptions(env, paths[0], paths[1]));
      return HoldOutEveryTenth(std::move(all));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", spec, "' is neither flickr8k:PATH nor coco:ANNOTATIONS,PHOTOS"));
}

std::string PlainCaption(const std::string& caption) {
  if (!IsValidUtf8(caption)) return "";
  std::string plain;
  for (const char c : caption) {
    const auto byte = static_cast<unsigned char>(c);
    // An apostrophe belongs to its word; other languages' letters are left as they are.
    const bool kept = byte >= 0x80 || absl::ascii_isalnum(byte) || c == '\'';
    if (kept) {
      plain += absl::ascii_tolower(byte);
    } else if (!plain.empty() && plain.back() != ' ') {
      plain += ' ';
    }
  }
  return std::string(absl::StripAsciiWhitespace(plain));
}

Dataset CaptionBatches(const CaptionedImages& photos, const Tokenizer& tokenizer,
                       const CaptionBatchOptions& options) {
  const auto augment = [options](const Tensor& whole, const ElementInfo& info) {
    const uint64_t key = HashCombine(options.seed, static_cast<uint64_t>(info.epoch));
    return AugmentPhoto(whole, options.size, options.augment,
                        RandomStream(HashCombine(key, static_cast<uint64_t>(info.index))));
  };
  const auto min_side = static_cast<int64_t>(
      std::ceil(static_cast<double>(options.size) / std::sqrt(options.augment.min_area)));
  const std::string name =
      absl::StrCat("augmented to ", options.size, ", ", options.augment.ToString());
  const Dataset all = Photos(std::make_shared<const CaptionedImages>(photos), name, tokenizer,
                             min_side, options, augment, /*shuffle=*/true);
  return Batches(all.Repeat(), tokenizer, options.batch);
}

Dataset FittedCaptions(const CaptionedImages& photos, const Tokenizer& tokenizer,
                       const PhotoFit& fit, const CaptionBatchOptions& options) {
  const auto make = [fit](const Tensor& whole, const ElementInfo&) { return FitPhoto(whole, fit); };
  return Batches(Photos(std::make_shared<const CaptionedImages>(photos), "fitted", tokenizer,
                        fit.min_side(), options, make, /*shuffle=*/false),
                 tokenizer, options.batch);
}

}  // namespace viv
