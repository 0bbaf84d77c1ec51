// What a query in words asks for, and how much of it a photo shows.
#ifndef VIV_MODELS_SEARCH_TEXT_QUERY_H_
#define VIV_MODELS_SEARCH_TEXT_QUERY_H_

#include <string>
#include <vector>

#include "models/search/photo_index.h"
#include "models/search/search_model.h"

namespace viv {

class TextQuery {
 public:
  // Finds the text's words among those that photos are known by and in the labels. `info` outlives
  // the query.
  TextQuery(const std::string& text, const SearchModelInfo& info);

  // Whether there is no word to search by.
  bool empty() const { return terms_.empty(); }
  // Words that no photo is known by; photos are searched by the others.
  const std::vector<std::string>& unknown() const { return unknown_; }

  // What the relevance of a photo is computed from.
  static std::vector<std::string> FeatureNames();
  std::vector<double> Features(const IndexedPhoto& photo) const;
  // "dog 0.92 (golden retriever), beach 0.61"
  std::string Reason(const IndexedPhoto& photo) const;

 private:
  struct Term {
    std::string word;
    int32_t number = -1;       // among the words; -1: not there
    std::vector<bool> labels;  // which of them have it in their names
    std::vector<std::string> forms;
  };
  // How probable it is that somebody would use the word for the photo, and the label, or -1, that
  // says so.
  struct Match {
    double probability = 0;
    int32_t label = -1;
    bool in_caption = false;
  };
  Match Find(const Term& term, const IndexedPhoto& photo) const;

  const SearchModelInfo& info_;
  std::vector<Term> terms_;
  std::vector<std::string> unknown_;
};

// The same of a photo that others are to be like.
std::vector<std::string> LikenessFeatureNames();
std::vector<double> LikenessFeatures(const std::vector<IndexedLabel>& labels,
                                     const IndexedPhoto& photo, double similarity);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_TEXT_QUERY_H_
