// The libraries that tools/bench/kernels_main.cc measures the engine against: oneDNN's primitives
// and Eigen. Each peer is prepared once and then called again and again.
#ifndef VIV_TOOLS_BENCH_KERNEL_PEERS_H_
#define VIV_TOOLS_BENCH_KERNEL_PEERS_H_

#include <Eigen/Core>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/parallel.h"
#include "dnnl.hpp"

namespace viv {

struct Peer {
  std::string name;
  std::function<void()> run;
};

using Memory = dnnl::memory;
using Tag = Memory::format_tag;

inline const dnnl::engine& DnnlEngine() {
  static const auto* const kEngine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *kEngine;
}

inline Memory::desc Dense(const Memory::dims& dims, Tag tag) {
  return Memory::desc(dims, Memory::data_type::f32, tag);
}

// A call of a primitive. `data`: by argument; memory that is not given is made here, zeroed.
inline Peer DnnlPeer(const std::string& name, const dnnl::primitive& primitive,
                     const std::vector<std::pair<int, Memory>>& arguments) {
  auto stream = std::make_shared<dnnl::stream>(DnnlEngine());
  std::unordered_map<int, Memory> map(arguments.begin(), arguments.end());
  return {name, [primitive, stream, map = std::move(map)] {
            primitive.execute(*stream, map);
            stream->wait();
          }};
}

inline Memory At(const Memory::desc& desc, const float* data) {
  return Memory(desc, DnnlEngine(), const_cast<float*>(data));
}

// c = a b with a: [m, k], b: [k, n]; a and b are read transposed where the flag says so.
struct GemmShape {
  int64_t m, k, n;
  bool transpose_a = false, transpose_b = false;
};

inline Peer DnnlSgemm(const GemmShape& s, const float* a, const float* b, float* c) {
  return {"dnnl_sgemm", [=] {
            dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, 1, a,
                       s.transpose_a ? s.m : s.k, b, s.transpose_b ? s.k : s.n, 0, c, s.n);
          }};
}

// oneDNN's matmul; `packed`: with b in the layout that it likes best, packed beforehand.
inline Peer DnnlMatMul(const GemmShape& s, const float* a, const float* b, float* c, bool packed) {
  const auto a_desc = Dense({s.m, s.k}, s.transpose_a ? Tag::ba : Tag::ab);
  const auto b_plain = Dense({s.k, s.n}, s.transpose_b ? Tag::ba : Tag::ab);
  const auto c_desc = Dense({s.m, s.n}, Tag::ab);
  const dnnl::matmul::primitive_desc desc(
      dnnl::matmul::desc(a_desc, packed ? Dense({s.k, s.n}, Tag::any) : b_plain, c_desc),
      DnnlEngine());
  Memory weights = At(b_plain, b);
  if (desc.weights_desc() != b_plain) {
    const Memory reordered(desc.weights_desc(), DnnlEngine());
    dnnl::stream stream(DnnlEngine());
    dnnl::reorder(weights, reordered).execute(stream, weights, const_cast<Memory&>(reordered));
    stream.wait();
    weights = reordered;
  }
  return DnnlPeer(
      packed ? "dnnl packed" : "dnnl plain", dnnl::matmul(desc),
      {{DNNL_ARG_SRC, At(a_desc, a)}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, At(c_desc, c)}});
}

inline Peer DnnlUnary(dnnl::algorithm algorithm, int64_t n, const float* x, float* y) {
  const auto desc = Dense({n}, Tag::a);
  const dnnl::eltwise_forward::primitive_desc primitive(
      dnnl::eltwise_forward::desc(dnnl::prop_kind::forward_inference, algorithm, desc, 0.0f),
      DnnlEngine());
  return DnnlPeer("dnnl", dnnl::eltwise_forward(primitive),
                  {{DNNL_ARG_SRC, At(desc, x)}, {DNNL_ARG_DST, At(desc, y)}});
}

inline Peer DnnlAdd(int64_t n, const float* a, const float* b, float* c) {
  const auto desc = Dense({n}, Tag::a);
  const dnnl::binary::primitive_desc primitive(
      dnnl::binary::desc(dnnl::algorithm::binary_add, desc, desc, desc), DnnlEngine());
  return DnnlPeer(
      "dnnl", dnnl::binary(primitive),
      {{DNNL_ARG_SRC_0, At(desc, a)}, {DNNL_ARG_SRC_1, At(desc, b)}, {DNNL_ARG_DST, At(desc, c)}});
}

inline Peer DnnlSoftmax(int64_t rows, int64_t columns, const float* x, float* y) {
  const auto desc = Dense({rows, columns}, Tag::ab);
  const dnnl::softmax_forward::primitive_desc primitive(
      dnnl::softmax_forward::desc(dnnl::prop_kind::forward_inference, desc, 1), DnnlEngine());
  return DnnlPeer("dnnl", dnnl::softmax_forward(primitive),
                  {{DNNL_ARG_SRC, At(desc, x)}, {DNNL_ARG_DST, At(desc, y)}});
}

// scale_shift: [2, columns]; mean and variance: [rows].
inline Peer DnnlLayerNorm(int64_t rows, int64_t columns, const float* x, const float* scale_shift,
                          float* y, float* mean, float* variance) {
  const auto desc = Dense({rows, columns}, Tag::ab);
  const dnnl::layer_normalization_forward::primitive_desc primitive(
      dnnl::layer_normalization_forward::desc(dnnl::prop_kind::forward_training, desc, 1e-5f,
                                              dnnl::normalization_flags::use_scale_shift),
      DnnlEngine());
  return DnnlPeer("dnnl", dnnl::layer_normalization_forward(primitive),
                  {{DNNL_ARG_SRC, At(desc, x)},
                   {DNNL_ARG_SCALE_SHIFT, At(primitive.weights_desc(), scale_shift)},
                   {DNNL_ARG_MEAN, At(primitive.mean_desc(), mean)},
                   {DNNL_ARG_VARIANCE, At(primitive.variance_desc(), variance)},
                   {DNNL_ARG_DST, At(desc, y)}});
}

// An LSTM layer, all of its weights packed as oneDNN likes; training, with its workspace.
inline Peer DnnlLstm(int64_t steps, int64_t batch, int64_t units, const float* x, float* y) {
  const auto any = [](const Memory::dims& dims) { return Dense(dims, Tag::any); };
  const auto sequence = Dense({steps, batch, units}, Tag::tnc);
  const auto state = Dense({1, 1, batch, units}, Tag::ldnc);
  const dnnl::lstm_forward::primitive_desc desc(
      dnnl::lstm_forward::desc(dnnl::prop_kind::forward_training,
                               dnnl::rnn_direction::unidirectional_left2right, sequence, state,
                               state, any({1, 1, units, 4, units}), any({1, 1, units, 4, units}),
                               Dense({1, 1, 4, units}, Tag::ldgo), sequence, state, state),
      DnnlEngine());
  const auto zeros = [](const Memory::desc& d) {
    const Memory memory(d, DnnlEngine());
    std::fill_n(static_cast<char*>(memory.get_data_handle()), d.get_size(), 0);
    return memory;
  };
  return DnnlPeer("dnnl", dnnl::lstm_forward(desc),
                  {{DNNL_ARG_SRC_LAYER, At(sequence, x)},
                   {DNNL_ARG_SRC_ITER, zeros(state)},
                   {DNNL_ARG_SRC_ITER_C, zeros(state)},
                   {DNNL_ARG_WEIGHTS_LAYER, zeros(desc.weights_layer_desc())},
                   {DNNL_ARG_WEIGHTS_ITER, zeros(desc.weights_iter_desc())},
                   {DNNL_ARG_BIAS, zeros(desc.bias_desc())},
                   {DNNL_ARG_DST_LAYER, At(sequence, y)},
                   {DNNL_ARG_DST_ITER, zeros(state)},
                   {DNNL_ARG_DST_ITER_C, zeros(state)},
                   {DNNL_ARG_WORKSPACE, zeros(desc.workspace_desc())}});
}

using EigenRow = Eigen::Map<Eigen::ArrayXf>;
using EigenConstRow = Eigen::Map<const Eigen::ArrayXf>;

// y = f(x) with Eigen's arrays, each thread a part.
template <typename F>
Peer EigenUnary(int64_t n, const float* x, float* y, F f) {
  return {"eigen", [=] {
            ParallelFor(n, 1 << 14, [=](int64_t begin, int64_t end) {
              EigenRow(y + begin, end - begin) = f(EigenConstRow(x + begin, end - begin));
            });
          }};
}

inline Peer EigenAdd(int64_t n, const float* a, const float* b, float* c) {
  return {"eigen", [=] {
            ParallelFor(n, 1 << 16, [=](int64_t begin, int64_t end) {
              const int64_t m = end - begin;
              EigenRow(c + begin, m) = EigenConstRow(a + begin, m) + EigenConstRow(b + begin, m);
            });
          }};
}

inline Peer EigenSoftmax(int64_t rows, int64_t columns, const float* x, float* y) {
  return {"eigen", [=] {
            ParallelFor(rows, 1, [=](int64_t begin, int64_t end) {
              for (int64_t r = begin; r < end; ++r) {
                const EigenConstRow in(x + r * columns, columns);
                EigenRow out(y + r * columns, columns);
                out = (in - in.maxCoeff()).exp();
                out *= 1 / out.sum();
              }
            });
          }};
}

inline Peer EigenLayerNorm(int64_t rows, int64_t columns, const float* x, const float* scale_shift,
                           float* y, float* mean, float* variance) {
  return {"eigen", [=] {
            ParallelFor(rows, 64, [=](int64_t begin, int64_t end) {
              for (int64_t r = begin; r < end; ++r) {
                const EigenConstRow in(x + r * columns, columns);
                const EigenConstRow scale(scale_shift, columns);
                const EigenConstRow shift(scale_shift + columns, columns);
                mean[r] = in.mean();
                variance[r] = (in - mean[r]).square().mean();
                EigenRow(y + r * columns, columns) =
                    (in - mean[r]) * (1 / std::sqrt(variance[r] + 1e-5f)) * scale + shift;
              }
            });
          }};
}

// The element-wise half of an LSTM step: gates [4 units] of each example from a + b + bias.
inline Peer EigenLstmCell(int64_t batch, int64_t units, const float* a, const float* b,
                          const float* bias, const float* c, float* gates, float* c_new, float* h) {
  return {"eigen", [=] {
            ParallelFor(batch, 8, [=](int64_t begin, int64_t end) {
              for (int64_t r = begin; r < end; ++r) {
                EigenRow z(gates + r * 4 * units, 4 * units);
                z = EigenConstRow(a + r * 4 * units, 4 * units) +
                    EigenConstRow(b + r * 4 * units, 4 * units) + EigenConstRow(bias, 4 * units);
                auto i = z.segment(0, units), f = z.segment(units, units);
                auto g = z.segment(2 * units, units), o = z.segment(3 * units, units);
                i = i.logistic();
                f = f.logistic();
                g = g.tanh();
                o = o.logistic();
                EigenRow cell(c_new + r * units, units);
                cell = f * EigenConstRow(c + r * units, units) + i * g;
                EigenRow(h + r * units, units) = o * cell.tanh();
              }
            });
          }};
}

}  // namespace viv

#endif  // VIV_TOOLS_BENCH_KERNEL_PEERS_H_
