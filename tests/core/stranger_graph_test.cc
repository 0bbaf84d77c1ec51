// Graphs from strangers, run: a file that was changed at random gives an error when it is read, or
// when it is run, or a result. VIV_FUZZ_ROUNDS sets how many files, VIV_SEED which.
#include <sys/resource.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/random.h"
#include "core/graph/graph_def.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/optimizer.h"
#include "core/ops/random.h"
#include "core/ops/rnn.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

int64_t Setting(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

// A bit of everything that takes attributes, indices or shapes, a loop, a branch and a training
// step. No While: a changed one may go on for ever, as its author may wish.
std::string GraphBytes() {
  GraphBuilder b;
  const Output x = Placeholder(b.Named("x"), kFloat, {-1, 4});
  const Output ids = Placeholder(b.Named("ids"), kInt32, {-1});
  const Variable w(b, "w", RandomNormal(b, {4, 6}, 0.5f));
  const Variable table(b, "table", RandomNormal(b, {5, 4}, 0.5f));
  Output y = Add(b, x, Gather(b, table.Read(), ids));
  y = Pad(b, Slice(b, MatMul(b, y, w.Read()), {{}, {.begin = 1, .end = 5}}), {{0, 0}, {1, 1}});
  y = LayerNorm(b, y, Const(b, Tensor::Of<float>({6}, {1, 1, 1, 1, 1, 1})),
                Const(b, Tensor::Of<float>({6}, {0, 0, 0, 0, 0, 0})));
  const std::vector<Output> parts = Split(b, y, 1, {2, 4});
  y = Concat(b, {Transpose(b, Reshape(b, parts[0], {-1, 2}), {0, 1}), Softmax(b, parts[1])}, 1);
  y = Dropout(b, CumSum(b, Sort(b, y), 1), 0.25f);
  y = Add(b, y, OneHot(b, ids, 6));
  y = Add(b, y, Einsum(b, "ij,kj->ik", {x, Const(b, *Tensor::Zeros(kFloat, {6, 4}))}));
  const ScanValues scan =
      Scan(b, {*DenseGradients(b, {Sum(b, y)}, {w.Read()})}, {y},
           [&](const GraphBuilder& inner, const Outputs& carries, const Outputs& rows) {
             const Output row = Mul(inner, rows[0], Const(inner, 2.0f));
             return ScanValues{{Tanh(inner, Add(inner, carries[0], row))}, {row}};
           });
  y = Cond(
      b, Less(b, Sum(b, y), Const(b, 3.0f)),
      [&](const GraphBuilder& inner) { return Outputs{Exp(inner, scan.outputs[0])}; },
      [&](const GraphBuilder& inner) {
        return Outputs{Tile(inner, y, {1, 1})};
      })[0];
  y = SegmentSum(b, y, ids, 5);
  const Output loss = Add(b, Mean(b, Square(b, y)), Mean(b, scan.carries[0]));
  const auto gradients = DenseGradients(b, {loss}, {w.Read()});
  EXPECT_TRUE(gradients.ok()) << gradients.status() << b.status();
  const Output step = ApplySgd(b, w, (*gradients)[0], Const(b, 0.5f));
  const absl::StatusOr<std::string> bytes = EncodeGraph(
      b.graph(), {{"train", {{{"x", x}, {"ids", ids}}, {{"loss", loss}, {"step", step}}}}});
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

// Zeros of a type and shape, whose unknown extents are 3.
absl::StatusOr<Tensor> Anything(const Output& feed) {
  PartialShape shape = feed.shape().known_rank() ? feed.shape() : PartialShape({3});
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape.dim(i) < 0) shape.set_dim(i, 3);
  }
  return Tensor::Zeros(feed.dtype(), shape.ToShape());
}

enum class Fate { kNotRead, kFailed, kRan };
Fate RunAll(const std::string& bytes) {
  absl::StatusOr<LoadedGraph> loaded = DecodeGraph(bytes);
  if (!loaded.ok()) return Fate::kNotRead;
  absl::StatusOr<Session> session = Session::Create(std::move(loaded->graph));
  if (!session.ok() || !session->Initialize().ok()) return Fate::kFailed;
  Fate fate = Fate::kRan;
  for (const auto& [name, signature] : loaded->signatures) {
    Feeds feeds;
    for (const auto& [feed, output] : signature.feeds) {
      absl::StatusOr<Tensor> value = Anything(output);
      if (!value.ok()) return Fate::kFailed;
      feeds.emplace_back(output, *std::move(value));
    }
    std::vector<Output> fetches;
    for (const auto& [fetch, output] : signature.fetches) fetches.push_back(output);
    for (int i = 0; i < 2; ++i) {
      if (!session->Run(feeds, fetches).ok()) fate = Fate::kFailed;
    }
  }
  return fate;
}

// A small change: a byte, or a piece of the file in another place of it.
std::string Changed(std::string bytes, RandomStream& random) {
  const std::string whole = bytes;
  const size_t at = random.Below(bytes.size());
  const size_t from = random.Below(bytes.size());
  const size_t length = 1 + random.Below(8);
  switch (random.Below(4)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(random.Next());
      break;
    case 2:
      bytes[at] = static_cast<char>(bytes[at] + (random.Below(2) == 0 ? 1 : -1));
      break;
    default:
      bytes.replace(at, std::min(length, bytes.size() - at),
                    whole.substr(from, std::min(length, bytes.size() - at)));
  }
  return bytes;
}

TEST(StrangerGraph, RunsOrSaysWhyNot) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // Memory that is asked for and not there is an error at once, and does not stop the machine.
  rlimit limit = {};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = rlim_t{8} << 30;
  setrlimit(RLIMIT_AS, &limit);
#endif
  const std::string bytes = GraphBytes();
  ASSERT_EQ(RunAll(bytes), Fate::kRan);
  RandomStream random(static_cast<uint64_t>(Setting("VIV_SEED", 3)));
  int fates[3] = {};
  const int64_t rounds = Setting("VIV_FUZZ_ROUNDS", 600);
  for (int64_t i = 0; i < rounds; ++i) {
    const std::string changed = Changed(bytes, random);
    ++fates[static_cast<int>(RunAll(changed))];
  }
  // The changes are small enough that many files still run, and large enough that many do not.
  EXPECT_GT(fates[static_cast<int>(Fate::kNotRead)], rounds / 10);
  EXPECT_GT(fates[static_cast<int>(Fate::kRan)], rounds / 50);
}

}  // namespace
}  // namespace viv
