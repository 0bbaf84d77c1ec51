// What the program `search_photos` does: keep an index of photos, and search it.
#ifndef VIV_MODELS_SEARCH_SEARCH_PROGRAM_H_
#define VIV_MODELS_SEARCH_SEARCH_PROGRAM_H_

#include <iostream>
#include <string>
#include <vector>

#include "models/search/photo_models.h"
#include "models/search/photo_search.h"

namespace viv {

struct SearchProgram {
  // Bundles of the search and of the models that look at photos; where empty, those that come with
  // the programs.
  std::string bundle;
  PhotoModelFolders models;
  // The file of the index; DefaultIndexFile() where empty.
  std::string index;
  SearchOptions options;
  bool json = false;
  // A file that gets the hits as a page; none where empty.
  std::string html;
  std::ostream* out = &std::cout;
  std::ostream* err = &std::cerr;

  // Looks at the photos of files and folders that are new or have changed. An index of other models
  // is made anew. Ctrl-C ends it with what was seen so far. Returns how many photos could not be
  // read, which are named on `err`.
  absl::StatusOr<int> Index(const std::vector<std::string>& paths) const;
  // Prints the hits of a query in words, or for a photo.
  absl::Status FindText(const std::string& query) const;
  absl::Status FindLike(const std::string& photo) const;
  // Prints groups of photos with the same contents or so similar embeddings, a blank line between
  // them; in JSON a line each, "photos".
  absl::Status FindDuplicates(double similarity) const;
};

// $XDG_DATA_HOME/vivarium/photos.index, or below ~/.local/share.
std::string DefaultIndexFile();

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_SEARCH_PROGRAM_H_
