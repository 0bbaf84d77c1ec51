// Lines for people, JSON for programs, and a page that needs no other file but the photos.
#include "models/search/search_format.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/base/status.h"
#include "datasets/images/decode.h"
#include "datasets/images/encode.h"
#include "models/vision/photo_fit.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr int kThumbnail = 200;  // width and height

constexpr char kHead[] = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 1.5rem;
     list-style: none; padding: 0; }
img, .gone { display: block; box-sizing: border-box; width: 100%; aspect-ratio: 1;
             margin-bottom: .3rem; border-radius: 6px; }
.gone { padding: 30% 1rem; text-align: center; background: #8884; }
a { color: inherit; overflow-wrap: anywhere; }
small { display: block; opacity: .7; }
</style>
)";

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

// The address of a file with this absolute path.
std::string FileUrl(const std::string& path) {
  std::string url = "file://";
  for (const unsigned char c : path) {
    if (absl::ascii_isalnum(c) ||
        absl::string_view("/-_.~").find(static_cast<char>(c)) != absl::string_view::npos) {
      url += static_cast<char>(c);
    } else {
      absl::StrAppendFormat(&url, "%%%02X", c);
    }
  }
  return url;
}

absl::StatusOr<std::string> Thumbnail(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(const Tensor photo, ReadImage(env, path, {.min_side = kThumbnail}));
  ASSIGN_OR_RETURN(const Tensor small, FitPhoto(photo, {.size = kThumbnail}));
  ASSIGN_OR_RETURN(const std::string webp, EncodeWebp(small));
  return absl::StrCat("data:image/webp;base64,", absl::Base64Escape(webp));
}

}  // namespace

std::string FormatHits(const SearchResult& result) {
  if (result.hits.empty()) {
    return absl::StrFormat("nothing found (the likeliest photo has a relevance of %.3f)\n",
                           result.best);
  }
  std::string text;
  for (const Hit& hit : result.hits) {
    absl::StrAppendFormat(&text, "%.3f  %s\n       %s%s%s\n", hit.relevance, hit.photo->path,
                          hit.photo->caption, hit.photo->caption.empty() ? "" : "; ", hit.reason);
  }
  return text;
}

std::string HitsToJson(const std::string& input, const SearchResult& result) {
  nlohmann::json line = {{"input", input}, {"confidence", result.best}};
  line["hits"] = nlohmann::json::array();
  for (const Hit& hit : result.hits) {
    line["hits"].push_back({{"path", hit.photo->path},
                            {"relevance", hit.relevance},
                            {"reason", hit.reason},
                            {"caption", hit.photo->caption}});
  }
  if (!result.unknown.empty()) line["unknown_words"] = result.unknown;
  if (result.hits.empty()) line["abstained"] = true;
  // A file's name that is no UTF-8 is shown with U+FFFD.
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

absl::StatusOr<std::string> HitsToHtml(Env* env, const std::string& input,
                                       const SearchResult& result) {
  std::string html =
      absl::StrCat(kHead, "<title>", Escape(input), "</title>\n<h1>", Escape(input), "</h1>\n");
  if (result.hits.empty()) {
    absl::StrAppendFormat(
        &html, "<p>Nothing found: the likeliest photo has a relevance of %.3f.</p>\n", result.best);
  }
  html += "<ul>\n";
  for (const Hit& hit : result.hits) {
    const absl::StatusOr<std::string> picture = Thumbnail(env, hit.photo->path);
    const std::string shown = picture.ok() ? absl::StrCat("<img alt=\"\" src=\"", *picture, "\">")
                                           : "<span class=\"gone\">cannot be read</span>";
    absl::StrAppend(&html, "<li><a href=\"", FileUrl(hit.photo->path), "\" title=\"",
                    Escape(hit.photo->path), "\">", shown, Escape(BaseName(hit.photo->path)),
                    "</a>\n<small>", Escape(hit.photo->caption), "</small>");
    absl::StrAppendFormat(&html, "<small>relevance %.2f: %s</small></li>\n", hit.relevance,
                          Escape(hit.reason));
  }
  return html + "</ul>\n</html>\n";
}

}  // namespace viv
