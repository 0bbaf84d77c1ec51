// Folders of small photos that can be told apart, made by the tests themselves.
#ifndef VIV_TESTS_PHOTO_APPS_PHOTO_FOLDER_H_
#define VIV_TESTS_PHOTO_APPS_PHOTO_FOLDER_H_

#include <cstdint>
#include <string>

namespace viv {

// A PNG of "disc", "stripes" or "checks", of 40 x 48 pixels; place, colours and noise are those of
// `seed`.
std::string MakePhoto(const std::string& kind, uint32_t seed);

// <directory>/<kind>/<number>.png, so many of each kind.
void WritePhotos(const std::string& directory, int of_each_kind);

// Several sentences for each of these photos, as the file `path` in COCO's format. Returns the
// --data that programs read both by.
std::string WriteCaptions(const std::string& photos, const std::string& path, int of_each_kind);

}  // namespace viv

#endif  // VIV_TESTS_PHOTO_APPS_PHOTO_FOLDER_H_
