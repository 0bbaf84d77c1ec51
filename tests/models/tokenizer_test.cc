// Subword tokenizers: round trips, damaged models, text that is no text.
#include "models/language/tokenizer.h"

#include "gmock/gmock.h"
#include "tests/support/tokenizers.h"

namespace viv {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Ne;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::vector<std::string> Text() {
  return {"A dog runs through the green grass.",
          "Two dogs run through the grass.",
          "Un chien court dans l'herbe verte.",
          "Deux chiens courent dans l'herbe.",
          "The green dog runs.",
          "Le chien vert court."};
}

TEST_F(TokenizerTest, GoesThereAndBack) {
  const auto tokenizer = Tokenizer::Train(Text(), {.vocab_size = 320});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(tokenizer->size(), 320);
  const auto again = Tokenizer::FromModel(tokenizer->model());
  ASSERT_TRUE(again.ok()) << again.status();
  // Letters never seen fall back to bytes.
  for (const std::string text : {"A dog runs.", "Ein Bär – 日本語 🐕", "x", ""}) {
    const auto ids = tokenizer->Encode(text);
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_THAT(*ids, Each(Lt(320)));
    EXPECT_EQ(*tokenizer->Decode(*ids), text);
    EXPECT_EQ(*again->Encode(text), *ids);
  }
  const auto ids = *tokenizer->Encode("A dog runs through the grass.");
  EXPECT_LT(ids.size(), 20u) << "nothing was learnt";
  EXPECT_EQ(*tokenizer->Decode({tokenizer->bos(), ids[0], tokenizer->eos()}),
            *tokenizer->Decode({ids[0]}));
}

// The pieces' texts, joined by '|'.
std::string Parts(const std::string& text, const std::vector<PieceSpan>& spans) {
  std::string parts;
  for (const PieceSpan& span : spans) {
    parts += "|" + text.substr(span.begin, span.end - span.begin);
  }
  return parts;
}

TEST_F(TokenizerTest, TellsWhatPiecesStandFor) {
  const auto tokenizer = Tokenizer::Train(Text(), {.vocab_size = 320, .symbols = {"⟦0⟧"}});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  // Ligatures and runs of spaces are normalised, yet the spans are those of the text itself.
  for (const std::string text : {"", "A dog  runs ⟦0⟧.", "ﬁne Bär 🐕"}) {
    const auto spans = tokenizer->EncodeSpans(text);
    ASSERT_TRUE(spans.ok()) << spans.status();
    const auto ids = *tokenizer->Encode(text);
    ASSERT_EQ(spans->size(), ids.size());
    for (size_t i = 1; i < spans->size(); ++i) EXPECT_LE((*spans)[i - 1].end, (*spans)[i].begin);
    const auto decoded = tokenizer->DecodeSpans(ids);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(decoded->size(), ids.size());
    std::string joined;
    const std::string whole = *tokenizer->Decode(ids);
    for (const PieceSpan& span : *decoded) {
      joined += whole.substr(span.begin, span.end - span.begin);
    }
    EXPECT_EQ(joined, whole);
  }
  EXPECT_THAT(Parts("dog ⟦0⟧ runs", *tokenizer->EncodeSpans("dog ⟦0⟧ runs")), HasSubstr("|⟦0⟧"));
  EXPECT_FALSE(tokenizer->EncodeSpans("\xFF").ok());
  EXPECT_FALSE(tokenizer->DecodeSpans({320}).ok());
}

TEST(WordTokenizer, KnowsWholeWords) {
  const std::vector<std::string> text = {"A dog runs, (it runs!) ⟦0⟧th",
                                         "L'homme court: a-t-il ⟦1⟧?", "dog dog ⟦0⟧ ."};
  const auto tokenizer =
      Tokenizer::Train(text, {.vocab_size = 300, .symbols = {"⟦0⟧", "⟦1⟧"}, .words = true});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const auto again = Tokenizer::FromModel(tokenizer->model());
  ASSERT_TRUE(again.ok()) << again.status();
  for (const std::string& sentence : text) {
    const auto ids = *tokenizer->Encode(sentence);
    EXPECT_THAT(ids, Each(Ne(tokenizer->unknown())));
    EXPECT_EQ(*tokenizer->Decode(ids), sentence);
    EXPECT_EQ(*again->Encode(sentence), ids);
    const auto spans = *tokenizer->EncodeSpans(sentence);
    ASSERT_EQ(spans.size(), ids.size());
    std::string joined;
    const auto decoded = *tokenizer->DecodeSpans(ids);
    for (const PieceSpan& span : decoded) {
      joined += sentence.substr(span.begin, span.end - span.begin);
    }
    EXPECT_EQ(joined, sentence);
  }
  const auto ids = *tokenizer->Encode("A bär runs");
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids[1], tokenizer->unknown());
  EXPECT_EQ(*tokenizer->Decode(ids), "A <unk> runs");
  EXPECT_EQ(Parts("A bär runs", *tokenizer->EncodeSpans("A bär runs")), "|A|bär|runs");
  // Controls leave nothing behind.
  EXPECT_EQ(*tokenizer->Decode({tokenizer->bos(), ids[0], tokenizer->eos()}), "A");
}

TEST(WordTokenizer, KeepsTheMostFrequentWords) {
  const auto tokenizer =
      Tokenizer::Train({"b a a c b a", "d a b"}, {.vocab_size = 300, .words = true});
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ(tokenizer->Find("a"), 4);
  EXPECT_EQ(tokenizer->Find("b"), 5);
  EXPECT_EQ(tokenizer->size(), 8);
  EXPECT_FALSE(Tokenizer::Train({}, {.vocab_size = 300, .words = true}).ok());
  EXPECT_FALSE(Tokenizer::Train({"a"}, {.vocab_size = 4, .words = true}).ok());
  const std::string model = tokenizer->model();
  for (const std::string& bad : {model.substr(0, 25), model + "a\n", model + "\n\n"}) {
    EXPECT_FALSE(Tokenizer::FromModel(bad).ok()) << bad;
  }
}

TEST_F(TokenizerTest, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(Message(Tokenizer::Train(Text(), {.vocab_size = 100}).status()),
              HasSubstr("at least 270 pieces"));
  EXPECT_THAT(Message(Tokenizer::Train(Text(), {.vocab_size = 5000}).status()),
              HasSubstr("Vocabulary size too high"));
  EXPECT_FALSE(Tokenizer::Train({}, {.vocab_size = 300}).ok());
  EXPECT_THAT(Message(Tokenizer::Train({"fine", "\xFF"}, {.vocab_size = 300}).status()),
              HasSubstr("sentence 2 of the training text is not valid UTF-8"));

  const auto tokenizer = Tokenizer::Train(Text(), {.vocab_size = 300});
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_THAT(Message(tokenizer->Encode("bad \xC3(").status()), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(Message(tokenizer->Decode({300}).status()), HasSubstr("piece 300 does not exist"));
  EXPECT_THAT(Message(tokenizer->Decode({-1}).status()), HasSubstr("piece -1 does not exist"));
  const std::string model = tokenizer->model();
  for (const std::string& bad : {std::string(), std::string("garbage"), model.substr(0, 1000)}) {
    EXPECT_THAT(Message(Tokenizer::FromModel(bad).status()), HasSubstr("damaged"));
  }
}

}  // namespace
}  // namespace viv
