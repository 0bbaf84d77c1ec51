// The speed of single kernels, run through the engine, against oneDNN and Eigen in the same
// process, in turns. One line a contender: case, threads, contender, microseconds (the median of
// the rounds). tools/bench/kernels.py adds torch and makes the table.
//
//   kernels [threads] [part of the names of the cases]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/rnn.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "kernel_peers.h"

namespace viv {
namespace {

Tensor Numbers(const Shape& shape, uint64_t seed, float scale = 1) {
  RandomStream stream(seed);
  std::vector<float> values(shape.num_elements());
  for (float& v : values) v = scale * static_cast<float>(2 * stream.Uniform() - 1);
  return Tensor::Of<float>(shape, values);
}
Tensor Zeros(const Shape& shape) { return *Tensor::Zeros(kFloat, shape); }

// What a case is made of: tensors that all contenders read and write.
struct Setting {
  std::vector<Tensor> in;
  std::vector<Tensor> out;
  const float* x(size_t i) const { return in[i].data<float>(); }
  float* y(size_t i = 0) { return out[i].mutable_data<float>(); }
};

// The engine: a graph with the inputs as feeds, but for those from `first_variable` on, which are
// variables; its results are written into the setting's outputs.
using Build = std::function<std::vector<Output>(const GraphBuilder&, const std::vector<Output>&)>;
Peer Engine(const Setting& s, const Build& build, size_t first_variable = 99) {
  struct State {
    GraphBuilder b;
    std::unique_ptr<Session> session;
    std::unique_ptr<PreparedRun> run;
    std::vector<Tensor> feeds, results;
  };
  auto state = std::make_shared<State>();
  std::vector<Output> inputs, fed;
  for (size_t i = 0; i < s.in.size(); ++i) {
    if (i < first_variable) {
      inputs.push_back(Placeholder(state->b, kFloat, s.in[i].shape()));
      fed.push_back(inputs.back());
      state->feeds.push_back(s.in[i]);
    } else {
      const Variable v(state->b, "v" + std::to_string(i), Const(state->b, s.in[i]));
      inputs.push_back(v.Read());
    }
  }
  const std::vector<Output> fetches = build(state->b, inputs);
  for (size_t i = 0; i < fetches.size(); ++i) {
    // A result that no peer writes: the engine's own.
    state->results.push_back(i < s.out.size() ? s.out[i]
                                              : Zeros(fetches[i].shape().ToShape()));
  }
  const auto prepare = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(Session session, Session::Create(state->b));
    state->session = std::make_unique<Session>(std::move(session));
    RETURN_IF_ERROR(state->session->Initialize());
    ASSIGN_OR_RETURN(PreparedRun run, state->session->Prepare(fed, fetches));
    state->run = std::make_unique<PreparedRun>(std::move(run));
    return state->run->Run(state->feeds, absl::MakeSpan(state->results));
  };
  const absl::Status status = prepare();
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
    std::exit(1);
  }
  return {"vivarium", [state] {
            if (!state->run->Run(state->feeds, absl::MakeSpan(state->results)).ok()) std::abort();
          }};
}

struct Case {
  std::string name;
  // Makes the contenders, the engine first; the setting outlives them.
  std::function<std::vector<Peer>(Setting& s)> contenders;
};

Case GemmCase(const std::string& name, const GemmShape& g) {
  return {"gemm " + name, [g](Setting& s) -> std::vector<Peer> {
            s.in = {Numbers(g.transpose_a ? Shape{g.k, g.m} : Shape{g.m, g.k}, 1),
                    Numbers(g.transpose_b ? Shape{g.n, g.k} : Shape{g.k, g.n}, 2)};
            s.out = {Zeros({g.m, g.n})};
            const auto product = [g](const GraphBuilder& b, const std::vector<Output>& in) {
              return std::vector<Output>{MatMul(
                  b, in[0], in[1], {.transpose_a = g.transpose_a, .transpose_b = g.transpose_b})};
            };
            return {Engine(s, product, 1), DnnlSgemm(g, s.x(0), s.x(1), s.y()),
                    DnnlMatMul(g, s.x(0), s.x(1), s.y(), /*packed=*/true),
                    DnnlMatMul(g, s.x(0), s.x(1), s.y(), /*packed=*/false)};
          }};
}

constexpr int64_t kMillion = 1 << 20;

template <typename F>
Case UnaryCase(const std::string& name, Output (*op)(BuilderRef, Output), dnnl::algorithm algorithm,
               F eigen) {
  return {name + " 1M", [=](Setting& s) -> std::vector<Peer> {
            s.in = {Numbers({kMillion}, 1, 3)};
            s.out = {Zeros({kMillion})};
            const auto build = [op](const GraphBuilder& b, const std::vector<Output>& in) {
              return std::vector<Output>{op(b, in[0])};
            };
            return {Engine(s, build), DnnlUnary(algorithm, kMillion, s.x(0), s.y()),
                    EigenUnary(kMillion, s.x(0), s.y(), eigen)};
          }};
}

std::vector<Peer> AddContenders(Setting& s) {
  s.in = {Numbers({kMillion}, 1), Numbers({kMillion}, 2)};
  s.out = {Zeros({kMillion})};
  const auto build = [](const GraphBuilder& b, const std::vector<Output>& in) {
    return std::vector<Output>{Add(b, in[0], in[1])};
  };
  return {Engine(s, build), DnnlAdd(kMillion, s.x(0), s.x(1), s.y()),
          EigenAdd(kMillion, s.x(0), s.x(1), s.y())};
}

// tanh(x * y + z) in one pass over memory; the peers need two or three.
std::vector<Peer> ChainContenders(Setting& s) {
  s.in = {Numbers({kMillion}, 1), Numbers({kMillion}, 2), Numbers({kMillion}, 3)};
  s.out = {Zeros({kMillion})};
  const auto build = [](const GraphBuilder& b, const std::vector<Output>& in) {
    return std::vector<Output>{Tanh(b, Add(b, Mul(b, in[0], in[1]), in[2]))};
  };
  const float *x = s.x(0), *y = s.x(1), *z = s.x(2);
  float* out = s.y();
  return {
      Engine(s, build),
      {"eigen", [=] {
         ParallelFor(kMillion, 1 << 14, [=](int64_t i, int64_t end) {
           const int64_t n = end - i;
           EigenRow(out + i, n) =
               (EigenConstRow(x + i, n) * EigenConstRow(y + i, n) + EigenConstRow(z + i, n)).tanh();
         });
       }}};
}

std::vector<Peer> SoftmaxContenders(Setting& s) {
  constexpr int64_t kRows = 64, kColumns = 10000;
  s.in = {Numbers({kRows, kColumns}, 1, 4)};
  s.out = {Zeros({kRows, kColumns})};
  const auto build = [](const GraphBuilder& b, const std::vector<Output>& in) {
    return std::vector<Output>{Softmax(b, in[0])};
  };
  return {Engine(s, build), DnnlSoftmax(kRows, kColumns, s.x(0), s.y()),
          EigenSoftmax(kRows, kColumns, s.x(0), s.y())};
}

std::vector<Peer> LayerNormContenders(Setting& s) {
  constexpr int64_t kRows = 1024, kColumns = 512;
  s.in = {Numbers({kRows, kColumns}, 1), Numbers({2, kColumns}, 2)};
  s.out = {Zeros({kRows, kColumns}), Zeros({kRows}), Zeros({kRows})};
  const auto build = [](const GraphBuilder& b, const std::vector<Output>& in) {
    const Output scale = Const(b, Numbers({kColumns}, 3)), bias = Const(b, Numbers({kColumns}, 4));
    return BuilderRef(b).AddMany("LayerNorm", {in[0], scale, bias}, {}, 3);
  };
  return {Engine(s, build), DnnlLayerNorm(kRows, kColumns, s.x(0), s.x(1), s.y(0), s.y(1), s.y(2)),
          EigenLayerNorm(kRows, kColumns, s.x(0), s.x(1), s.y(0), s.y(1), s.y(2))};
}

std::vector<Peer> CellContenders(Setting& s) {
  constexpr int64_t kBatch = 64, kUnits = 512;
  s.in = {Numbers({kBatch, 4 * kUnits}, 1), Numbers({kBatch, 4 * kUnits}, 2),
          Numbers({4 * kUnits}, 3), Numbers({kBatch, kUnits}, 4)};
  s.out = {Zeros({kBatch, kUnits}), Zeros({kBatch, kUnits}), Zeros({kBatch, 4 * kUnits})};
  const auto build = [](const GraphBuilder& b, const std::vector<Output>& in) {
    return BuilderRef(b).AddMany("LstmGates", in, {}, 3);
  };
  return {Engine(s, build),
          EigenLstmCell(kBatch, kUnits, s.x(0), s.x(1), s.x(2), s.x(3), s.y(2), s.y(1), s.y(0))};
}

std::vector<Peer> LstmContenders(Setting& s) {
  constexpr int64_t kSteps = 20, kBatch = 64, kUnits = 512;
  s.in = {Numbers({kSteps, kBatch, kUnits}, 1), Numbers({kUnits, 4 * kUnits}, 2, 0.05f),
          Numbers({kUnits, 4 * kUnits}, 3, 0.05f), Numbers({4 * kUnits}, 4)};
  s.out = {Zeros({kSteps, kBatch, kUnits})};
  const auto build = [](const GraphBuilder& b, const std::vector<Output>& in) {
    return std::vector<Output>{
        Lstm(b, in[0], {}, {}, {.input = in[1], .recurrent = in[2], .bias = in[3]}).outputs};
  };
  return {Engine(s, build, 1), DnnlLstm(kSteps, kBatch, kUnits, s.x(0), s.y())};
}

const std::vector<Case>& Cases() {
  using A = dnnl::algorithm;
  static const auto* const kCases = new std::vector<Case>{
      GemmCase("512x512x512", {512, 512, 512}),
      GemmCase("1024x1024x1024", {1024, 1024, 1024}),
      GemmCase("2048x2048x2048", {2048, 2048, 2048}),
      GemmCase("1x512x2048", {1, 512, 2048}),
      GemmCase("8x512x2048", {8, 512, 2048}),
      GemmCase("32x512x2048", {32, 512, 2048}),
      GemmCase("64x512x2048", {64, 512, 2048}),
      GemmCase("128x512x2048", {128, 512, 2048}),
      GemmCase("1x512x10000", {1, 512, 10000}),
      GemmCase("64x512x10000", {64, 512, 10000}),
      GemmCase("dW 512x1280x2048", {512, 1280, 2048, /*transpose_a=*/true}),
      GemmCase("dX 1280x2048x512", {1280, 2048, 512, false, /*transpose_b=*/true}),
      {"add 1M", &AddContenders},
      UnaryCase("relu", &Relu, A::eltwise_relu, [](const auto& x) { return x.max(0.0f); }),
      UnaryCase("tanh", &Tanh, A::eltwise_tanh, [](const auto& x) { return x.tanh(); }),
      UnaryCase("sigmoid", &Sigmoid, A::eltwise_logistic,
                [](const auto& x) { return x.logistic(); }),
      UnaryCase("exp", &Exp, A::eltwise_exp, [](const auto& x) { return x.exp(); }),
      {"chain 1M", &ChainContenders},
      {"softmax 64x10000", &SoftmaxContenders},
      {"layernorm 1024x512", &LayerNormContenders},
      {"cell 64x512", &CellContenders},
      {"lstm 20x64x512", &LstmContenders},
  };
  return *kCases;
}

double Microseconds(const std::function<void()>& run, int repeats) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) run();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  return took.count() / repeats;
}

void Measure(const Case& one, int threads) {
  constexpr int kRounds = 15;
  // A turn long enough for the clock, short enough for many rounds.
  constexpr double kTurn = 2000;
  Setting setting;
  const std::vector<Peer> peers = one.contenders(setting);
  std::vector<int> repeats;
  std::vector<std::vector<double>> times(peers.size());
  for (const Peer& peer : peers) {
    peer.run();
    repeats.push_back(std::clamp(static_cast<int>(kTurn / Microseconds(peer.run, 1)), 1, 1000));
  }
  for (int round = 0; round < kRounds; ++round) {
    for (size_t p = 0; p < peers.size(); ++p) {
      times[p].push_back(Microseconds(peers[p].run, repeats[p]));
    }
  }
  for (size_t p = 0; p < peers.size(); ++p) {
    std::sort(times[p].begin(), times[p].end());
    std::printf("%s\t%d\t%s\t%.2f\n", one.name.c_str(), threads, peers[p].name.c_str(),
                times[p][kRounds / 2]);
  }
  std::fflush(stdout);
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 2;
  const std::string part = argc > 2 ? argv[2] : "";
  viv::SetMaxThreads(threads);
  for (const viv::Case& one : viv::Cases()) {
    if (one.name.find(part) != std::string::npos) viv::Measure(one, threads);
  }
  return 0;
}
