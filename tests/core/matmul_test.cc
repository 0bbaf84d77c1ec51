// Products: shapes that take the packed path, and that its cache follows the variables.
#include "check_gradients.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/state.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

TEST(MatMul, APackedProductIsTheProduct) {
  for (const bool transpose : {false, true}) {
    for (const int64_t rows : {1, 5, 6, 7, 12, 64, 127, 129}) {
      const int64_t k = 301, n = 131;
      GraphBuilder b;
      const Tensor value = Random<float>(transpose ? Shape({n, k}) : Shape({k, n}), 1);
      const Variable w(b, "w", Const(b, value));
      const Tensor x = Random<float>({rows, k}, 2);
      const Output from = Placeholder(b, kFloat, {-1, k});
      const Output y = MatMul(b, from, w.Read(), {.transpose_b = transpose});
      // A constant is no variable: this one is not packed.
      const Output plain = MatMul(b, from, Const(b, value), {.transpose_b = transpose});
      auto session = Session::Create(b);
      ASSERT_TRUE(session.ok() && session->Initialize().ok());
      const auto run = session->Run({{from, x}}, {y, plain});
      ASSERT_TRUE(run.ok()) << run.status();
      for (int64_t i = 0; i < rows * n; ++i) {
        ASSERT_NEAR((*run)[0].data<float>()[i], (*run)[1].data<float>()[i], 2e-5) << rows;
      }
    }
  }
}

TEST(MatMul, AnUpdateIsSeenByTheNextRun) {
  GraphBuilder b;
  const Variable w(b, "w", Const(b, Random<float>({200, 100}, 1)));
  const Output x = Const(b, Random<float>({3, 200}, 2));
  const Output y = MatMul(b, x, w.Read());
  const Output twice = AssignAdd(b, w, w.Read());
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  auto before = session->Run({}, {y});
  ASSERT_TRUE(before.ok()) << before.status();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(session->Run({}, {twice}).ok());
    const auto after = session->Run({}, {y});
    ASSERT_TRUE(after.ok()) << after.status();
    for (int64_t j = 0; j < 300; ++j) {
      ASSERT_EQ((*after)[0].data<float>()[j], 2 * (*before)[0].data<float>()[j]);
    }
    before = after;
  }
}

TEST(PackingCache, KeepsTheNewestVersionsWithinItsLimit) {
  const Tensor value = Random<float>({64, 64}, 1);
  PackingCache cache(3 * 64 * 64 * sizeof(float));
  const auto find = [&](uint64_t id, uint64_t version) {
    return cache.Find({{id, version}, Terms::kFloat, MatrixView(value.data<float>(), 64), 64, 64});
  };
  EXPECT_EQ(find(0, 1), nullptr) << "a value of no variable";
  const auto first = find(1, 1);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(find(1, 1), first);
  const auto second = find(1, 2);
  EXPECT_NE(second, first) << "a version in use was overwritten";
  EXPECT_EQ(cache.bytes(), 64 * 64 * sizeof(float));
  for (uint64_t id = 2; id < 9; ++id) ASSERT_NE(find(id, 1), nullptr);
  EXPECT_EQ(cache.bytes(), 3 * 64 * 64 * sizeof(float));
  EXPECT_NE(find(1, 2), second) << "the oldest entry was kept";
}

}  // namespace
}  // namespace viv
