// The sentences of the small language, and what learns them.
#include "tests/support/small_language.h"

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

struct Words {
  const char *english, *french;
};
constexpr Words kSubjects[] = {{"A dog", "Un chien"},
                               {"A cat", "Un chat"},
                               {"The man", "L'homme"},
                               {"The girl", "La fille"},
                               {"A bird", "Un oiseau"}};
constexpr Words kVerbs[] = {
    {"runs", "court"}, {"sleeps", "dort"}, {"eats", "mange"}, {"sings", "chante"}};
constexpr Words kPlaces[] = {{"here", "ici"},
                             {"in the park", "dans le parc"},
                             {"at home", "à la maison"},
                             {"on the beach", "sur la plage"}};

}  // namespace

std::string SmallLanguage(bool english, bool wrong) {
  std::string text;
  int count = 0;
  for (const Words& subject : kSubjects) {
    for (const Words& verb : kVerbs) {
      for (const Words& place : kPlaces) {
        const auto word = [&](const Words& w) { return english ? w.english : w.french; };
        if (wrong && count++ % 3 == 0) {
          text += "Rien de tout cela n'est vrai.\n";
          continue;
        }
        absl::StrAppend(&text, word(subject), " ", word(verb), " ", word(place), ".\n");
      }
    }
  }
  return text;
}

void WriteSmallLanguage(const std::string& directory) {
  Env* env = Env::Default();
  ASSERT_TRUE(env->Remove(directory).ok());
  ASSERT_TRUE(env->CreateDirs(directory).ok());
  const auto write = [&](const char* name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(env, JoinPath(directory, name), text).ok()) << name;
  };
  write("x.en", SmallLanguage(true));
  write("x.fr", SmallLanguage(false));
  write("v.fr", SmallLanguage(false, /*wrong=*/true));
}

std::vector<std::string> SmallLanguageFlags(const std::string& directory) {
  const std::string english = JoinPath(directory, "x.en");
  return {absl::StrCat("--train=", english, ",", JoinPath(directory, "x.fr")),
          absl::StrCat("--validation=", english, ",", JoinPath(directory, "v.fr")),
          "--run=" + JoinPath(directory, "run"),
          "--threads=1",
          "--vocabulary=340",
          "--embed=32",
          "--hidden=64",
          "--encoder_hidden=32",
          "--batch=16",
          "--dropout=0.1",
          "--updates=250",
          "--score_every=125",
          "--learning_rate=0.01"};
}

}  // namespace viv
