// The steps of translate: lines are read in blocks, so that the input may be endless.
#include "models/language/translate_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/base/output.h"
#include "core/base/progress.h"
#include "core/base/status.h"
#include "core/data/byte_source.h"

namespace viv {
namespace {

namespace fs = std::filesystem;

// Lines that are translated together; a person at a terminal gets an answer to each.
constexpr size_t kBlock = 1024;

// Sets the next line and returns true; false at the end.
using NextLine = std::function<absl::StatusOr<bool>(std::string*)>;

// Where translations go.
struct Sink {
  std::ostream* out;
  std::string name;     // for errors
  int64_t written = 0;  // translations
};

class TranslationRun {
 public:
  TranslationRun(const TranslateProgram& program, Translator& translator,
                 const TranslateOptions& options)
      : program_(program), translator_(translator), options_(options) {}

  int failed() const { return failed_; }

  // `where` goes before the number of a line in errors.
  absl::Status Lines(const NextLine& next, size_t block, const std::string& where, Sink* sink) {
    int64_t number = 0;
    for (bool more = true; more;) {
      std::vector<std::string> lines;
      while (lines.size() < block) {
        std::string line;
        ASSIGN_OR_RETURN(more, next(&line));
        if (!more) break;
        lines.push_back(std::move(line));
      }
      RETURN_IF_ERROR(Block(lines, number, where, sink));
      number += static_cast<int64_t>(lines.size());
    }
    return absl::OkStatus();
  }

  // Translates and writes texts, the first of which is number `first`.
  absl::Status Block(const std::vector<std::string>& texts, int64_t first, const std::string& where,
                     Sink* sink) {
    ASSIGN_OR_RETURN(const std::vector<SentenceResult> results,
                     translator_.Translate(texts, options_));
    const TranslationFormat& format = program_.format;
    for (size_t i = 0; i < texts.size(); ++i) {
      const int64_t number = first + static_cast<int64_t>(i);
      *sink->out << FormatTranslation(sink->written++, texts[i], results[i], format);
      if (!results[i].ok()) ++failed_;
      if (format.json) continue;
      if (!results[i].ok()) {
        *program_.err << absl::StrFormat("error: %s%d: %s\n", where, number + 1,
                                         results[i].status().message());
      } else if (format.Withholds(results[i])) {
        *program_.err << absl::StrFormat("withheld: %s%d: the confidence is %.3f\n", where,
                                         number + 1, results[i]->front().confidence);
      }
    }
    return Flush(*sink->out, sink->name);
  }

 private:
  const TranslateProgram& program_;
  Translator& translator_;
  const TranslateOptions& options_;
  int failed_ = 0;
};

absl::StatusOr<int64_t> CountLines(const std::string& path) {
  ASSIGN_OR_RETURN(const auto reader, LineReader::Open(Env::Default(), path));
  std::string line;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&line));
    if (!more) return reader->line_number();
  }
}

// Opens a file to write to, which must be none of those that are read.
absl::StatusOr<std::unique_ptr<std::ofstream>> OpenOutput(const std::string& path,
                                                          const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code ignored;
    if (fs::equivalent(input, path, ignored)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", path, "' is read: the output would overwrite it"));
    }
  }
  auto file = std::make_unique<std::ofstream>(path);
  if (file->is_open()) return file;
  return absl::UnavailableError(
      absl::StrCat("cannot write to '", path, "': ", std::strerror(errno)));
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return absl::EndsWith(path, "/") || fs::is_directory(path, ignored);
}

// The file of a folder that a translated file gets.
std::string NameIn(const std::string& folder, const std::string& file) {
  return JoinPath(folder, std::string(absl::StripSuffix(BaseName(file), ".gz")));
}

// Translates the files, each into `to` or into a file of its own.
absl::Status TranslateFiles(const TranslateProgram& program, Sink* to, TranslationRun* run) {
  const bool folder = !program.output.empty() && IsFolder(program.output);
  int64_t total = 0, done = 0;
  std::set<std::string> outputs;
  for (const std::string& file : program.files) {
    ASSIGN_OR_RETURN(const int64_t lines, CountLines(file));
    total += lines;
    if (folder && !outputs.insert(NameIn(program.output, file)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two files would be translated into '", NameIn(program.output, file), "'"));
    }
  }
  if (folder) RETURN_IF_ERROR(Env::Default()->CreateDirs(program.output));
  std::unique_ptr<Progress> progress;
  if (total > static_cast<int64_t>(kBlock)) {
    progress = std::make_unique<Progress>(
        ProgressOptions{.label = "translate", .unit = "lines", .total = total});
  }
  for (const std::string& file : program.files) {
    Sink of_file;
    std::unique_ptr<std::ofstream> own;
    if (folder) {
      const std::string path = NameIn(program.output, file);
      ASSIGN_OR_RETURN(own, OpenOutput(path, program.files));
      of_file = {own.get(), absl::StrCat("'", path, "'")};
    }
    ASSIGN_OR_RETURN(const auto reader, LineReader::Open(Env::Default(), file));
    const NextLine next = [&](std::string* line) {
      if (progress != nullptr) progress->Update(done);
      ++done;
      return reader->Next(line);
    };
    RETURN_IF_ERROR(run->Lines(next, kBlock, absl::StrCat(file, ":"), folder ? &of_file : to));
    --done;  // of the end
  }
  if (progress != nullptr) {
    progress->Update(done);
    progress->Finish();
  }
  return absl::OkStatus();
}

absl::Status TranslateAll(const TranslateProgram& program, TranslationRun* run) {
  Sink sink = {program.out, "the standard output"};
  std::unique_ptr<std::ofstream> file;
  if (!program.output.empty() && !IsFolder(program.output)) {
    ASSIGN_OR_RETURN(file, OpenOutput(program.output, program.files));
    sink = {file.get(), absl::StrCat("'", program.output, "'")};
  }
  if (!program.files.empty()) return TranslateFiles(program, &sink, run);
  if (!program.texts.empty()) return run->Block(program.texts, 0, "text ", &sink);
  const NextLine next = [&program](std::string* line) -> absl::StatusOr<bool> {
    if (!std::getline(*program.in, *line)) return false;
    if (!line->empty() && line->back() == '\r') line->pop_back();
    return true;
  };
  const size_t block = program.in == &std::cin && isatty(STDIN_FILENO) ? 1 : kBlock;
  return run->Lines(next, block, "line ", &sink);
}

absl::Status CheckLanguages(const TranslateProgram& program, const TranslatorInfo& info,
                            const std::string& directory) {
  if (info.source_language == program.source_language &&
      info.target_language == program.target_language) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(directory, " translates from '", info.source_language, "' to '",
                   info.target_language, "', not from '", program.source_language, "' to '",
                   program.target_language, "': give --src and --tgt, or another --model"));
}

}  // namespace

absl::StatusOr<int> TranslateProgram::Run() const {
  Env* env = Env::Default();
  if (files.empty() && !output.empty() && IsFolder(output)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", output, "' is a folder: that is for files; name a file"));
  }
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindTranslatorBundle(env, source_language, target_language));
  }
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Translator> translator,
      Translator::Load(env, directory, precision, options.align || options.copy_unknown));
  RETURN_IF_ERROR(CheckLanguages(*this, translator->info(), directory));
  if ((format.confidence || format.min_confidence > 0) && !translator->has_confidences()) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " gives no confidences: it was exported without validation text"));
  }
  if (verbose && translator->info().non_commercial) {
    *err << directory << ": learnt from non-commercial data; its LICENSE says what that means\n";
  }
  TranslateOptions all = options;
  if (!glossary.empty()) {
    ASSIGN_OR_RETURN(all.glossary, ReadGlossaryFor(*translator, glossary));
  }
  TranslationRun run(*this, *translator, all);
  RETURN_IF_ERROR(TranslateAll(*this, &run));
  return run.failed();
}

}  // namespace viv
