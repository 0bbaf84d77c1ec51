// Reads tar archives (POSIX ustar and pax, GNU). Internal to datasets/images.
#ifndef VIV_DATASETS_IMAGES_TAR_H_
#define VIV_DATASETS_IMAGES_TAR_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/data/byte_source.h"

namespace viv {

// Called for each regular file with its path and size; returns whether its contents are wanted.
using TarWants = std::function<bool(const std::string& path, int64_t size, int64_t offset)>;
// Called with the contents of a wanted file.
using TarTake = std::function<void(std::string contents)>;

// Walks through an archive from front to end. Contents that are not wanted are jumped over.
// DataLoss with the archive's path and the offset where it is damaged or ends early.
absl::Status WalkTar(const std::string& archive, ByteSource& source, const TarWants& wants,
                     const TarTake& take);

}  // namespace viv

#endif  // VIV_DATASETS_IMAGES_TAR_H_
