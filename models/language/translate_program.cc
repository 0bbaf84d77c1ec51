// The steps of translate: standard input is read in blocks, so that it may be endless.
#include "models/language/translate_program.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

// Lines that are translated together; a person at a terminal gets an answer to each.
constexpr size_t kBlock = 128;

// Translates and writes one block; returns how many sentences failed.
absl::StatusOr<int> TranslateBlock(const TranslateProgram& program, Translator& translator,
                                   const std::vector<std::string>& sentences) {
  ASSIGN_OR_RETURN(const std::vector<SentenceResult> results,
                   translator.Translate(sentences, program.options));
  int failed = 0;
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (!results[i].ok()) ++failed;
    if (program.json) {
      *program.out << TranslationJson(sentences[i], results[i]) << "\n";
    } else if (results[i].ok()) {
      for (const Translation& translation : *results[i]) *program.out << translation.text << "\n";
    } else {
      // The line stays, so that line numbers agree.
      *program.out << "\n";
      *program.err << "error: " << results[i].status().message() << "\n";
    }
  }
  program.out->flush();
  if (!program.out->good()) return absl::UnavailableError("cannot write to the standard output");
  return failed;
}

absl::StatusOr<int> TranslateLines(const TranslateProgram& program, Translator& translator) {
  const size_t block = program.in == &std::cin && isatty(STDIN_FILENO) ? 1 : kBlock;
  int failed = 0;
  bool more = true;
  while (more) {
    std::vector<std::string> lines;
    std::string line;
    while (lines.size() < block && (more = static_cast<bool>(std::getline(*program.in, line)))) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      lines.push_back(line);
    }
    ASSIGN_OR_RETURN(const int block_failed, TranslateBlock(program, translator, lines));
    failed += block_failed;
  }
  return failed;
}

}  // namespace

std::string TranslationJson(const std::string& input, const SentenceResult& result) {
  nlohmann::json json = {{"input", input}};
  if (!result.ok()) {
    json["error"] = std::string(result.status().message());
  } else {
    nlohmann::json alternatives = nlohmann::json::array();
    for (const Translation& translation : *result) {
      if (&translation == &result->front()) {
        json["translation"] = translation.text;
        if (translation.confidence >= 0) json["confidence"] = translation.confidence;
      } else {
        alternatives.push_back({{"translation", translation.text}, {"score", translation.score}});
      }
    }
    json["alternatives"] = alternatives;
  }
  // Input that is no UTF-8 is shown with U+FFFD.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<int> TranslateProgram::Run(const std::vector<std::string>& sentences) const {
  Env* env = Env::Default();
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindTranslatorBundle(env, source_language, target_language));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Translator> translator,
                   Translator::Load(env, directory, precision));
  const TranslatorInfo& info = translator->info();
  if (info.source_language != source_language || info.target_language != target_language) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " translates from '", info.source_language, "' to '",
                     info.target_language, "', not from '", source_language, "' to '",
                     target_language, "': give --src and --tgt, or another --model"));
  }
  if (verbose && info.non_commercial) {
    *err << directory << ": learnt from non-commercial data; its LICENSE says what that means\n";
  }
  TranslateProgram program = *this;
  if (!glossary.empty()) {
    ASSIGN_OR_RETURN(program.options.glossary, ReadGlossaryFor(*translator, glossary));
  }
  if (sentences.empty()) return TranslateLines(program, *translator);
  return TranslateBlock(program, *translator, sentences);
}

}  // namespace viv
