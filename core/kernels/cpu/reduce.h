// Reductions: elements of x that fall onto one element of y are joined. R says what joining is:
//
//   struct R {
//     using In, Folded, Out;
//     static Folded Neutral();
//     static Folded Of(In x);                                      // one element
//     static Folded Fold(const In* x, int64_t n, Folded start);    // a run of elements
//     static void Join(const In* x, Folded* folded, int64_t n);    // one element each
//     static Folded Both(Folded a, Folded b);
//     static Out Finish(Folded folded);
//   };
//
// The order of joining depends on the shapes alone, not on threads.
#ifndef VIV_CORE_KERNELS_CPU_REDUCE_H_
#define VIV_CORE_KERNELS_CPU_REDUCE_H_

#include <algorithm>
#include <vector>

#include "core/base/parallel.h"
#include "core/device/kernel.h"

namespace viv {

// Nested loops over x with a stride each.
class StridedLoops {
 public:
  void Add(int64_t extent, int64_t stride) {
    loops_.push_back({extent, stride});
    count_ *= extent;
  }
  int64_t count() const { return count_; }
  // Where pass `i` of all the loops begins.
  int64_t Offset(int64_t i) const {
    int64_t offset = 0;
    for (size_t k = loops_.size(); k > 1; --k) {
      offset += i % loops_[k - 1].extent * loops_[k - 1].stride;
      i /= loops_[k - 1].extent;
    }
    return loops_.empty() ? 0 : offset + i * loops_[0].stride;
  }

 private:
  struct Loop {
    int64_t extent, stride;
  };
  std::vector<Loop> loops_;
  int64_t count_ = 1;
};

// x as loops over what is kept, what is reduced, and a run of neighbours that is one or the other.
struct ReductionLoops {
  // `y`, with leading ones where its rank is smaller, is x with ones where it is reduced.
  ReductionLoops(const Shape& x, const Shape& y);

  StridedLoops kept, reduced;
  int64_t run = 1;
  bool run_is_kept = false;
};
// The shape of x with the extents along `axes` (none: all) as ones.
Shape KeptShape(const Shape& x, const std::vector<int64_t>& axes);

template <typename R>
class ReductionKernel : public Kernel {
 public:
  using Folded = typename R::Folded;

  ReductionKernel(const Shape& x, const Shape& y)
      : loops_(x, y), outputs_(y.num_elements()), chunk_(loops_.run_is_kept ? kChunk : 1) {
    if (outputs_ == 0) return;
    chunks_ = loops_.run_is_kept ? (loops_.run + chunk_ - 1) / chunk_ : 1;
    const int64_t reduced = loops_.reduced.count() * (loops_.run_is_kept ? 1 : loops_.run);
    const int64_t jobs = loops_.kept.count() * chunks_;
    // Few results: the work on each is divided too.
    const int64_t parts = std::min(kParts / jobs, reduced * outputs_ / kElementsPerJob);
    part_ = std::max<int64_t>(
        1, (reduced + std::max<int64_t>(1, parts) - 1) / std::max<int64_t>(1, parts));
    parts_ = (reduced + part_ - 1) / part_;
    reduced_ = reduced;
    rows_are_short_ = !loops_.run_is_kept && reduced == loops_.run && reduced < kShortRow;
  }

  size_t scratch_bytes() const override {
    return rows_are_short_ ? 0 : parts_ * outputs_ * sizeof(Folded);
  }

  absl::Status Compute(const KernelContext& c) const override {
    const auto* x = c.in<typename R::In>(0);
    auto* y = c.out<typename R::Out>();
    if (parts_ == 0) std::fill_n(y, outputs_, R::Finish(R::Neutral()));
    if (parts_ == 0) return absl::OkStatus();
    if (rows_are_short_) {
      FoldShortRows(x, y);
      return absl::OkStatus();
    }
    auto* folded = static_cast<Folded*>(c.scratch());
    const int64_t kept = loops_.kept.count();
    const int64_t work = part_ * std::min(chunk_, loops_.run);
    ParallelFor(parts_ * kept * chunks_, std::max<int64_t>(1, kElementsPerJob / work),
                [&](int64_t begin, int64_t end) {
                  for (int64_t job = begin; job < end; ++job) {
                    const int64_t part = job / (kept * chunks_), rest = job % (kept * chunks_);
                    FoldJob(x, part, rest / chunks_, rest % chunks_, folded + part * outputs_);
                  }
                });
    for (int64_t part = 1; part < parts_; ++part) {
      for (int64_t i = 0; i < outputs_; ++i) {
        folded[i] = R::Both(folded[i], folded[part * outputs_ + i]);
      }
    }
    for (int64_t i = 0; i < outputs_; ++i) y[i] = R::Finish(folded[i]);
    return absl::OkStatus();
  }

 private:
  // Results that one job joins at a time: they stay in the cache.
  static constexpr int64_t kChunk = 1024;
  // Elements worth about 20 us; at most so many jobs for one result.
  static constexpr int64_t kElementsPerJob = 1 << 15;
  static constexpr int64_t kParts = 16;
  // Rows that follow one another and are so short that a call for each would cost more than they.
  static constexpr int64_t kShortRow = 32;

  static void FoldShortRows(const typename R::In* x, int64_t run, typename R::Out* y, int64_t n) {
    for (int64_t i = 0; i < n; ++i, x += run) {
      Folded result = R::Neutral();
      for (int64_t k = 0; k < run; ++k) result = R::Both(result, R::Of(x[k]));
      y[i] = R::Finish(result);
    }
  }
  void FoldShortRows(const typename R::In* x, typename R::Out* y) const {
    const int64_t run = loops_.run;
    ParallelFor(outputs_, kElementsPerJob / run, [x, y, run](int64_t begin, int64_t end) {
      FoldShortRows(x + begin * run, run, y + begin, end - begin);
    });
  }

  void FoldJob(const typename R::In* x, int64_t part, int64_t group, int64_t chunk,
               Folded* folded) const {
    x += loops_.kept.Offset(group);
    const int64_t begin = part * part_, end = std::min(begin + part_, reduced_);
    if (!loops_.run_is_kept) {
      folded[group] = FoldRange(x, begin, end);
      return;
    }
    const int64_t first = chunk * chunk_, n = std::min(chunk_, loops_.run - first);
    Folded* to = folded + group * loops_.run + first;
    std::fill_n(to, n, R::Neutral());
    for (int64_t i = begin; i < end; ++i) R::Join(x + loops_.reduced.Offset(i) + first, to, n);
  }

  // Reduced elements [begin, end), counted over all runs.
  Folded FoldRange(const typename R::In* x, int64_t begin, int64_t end) const {
    Folded result = R::Neutral();
    while (begin < end) {
      const int64_t row = begin / loops_.run, at = begin % loops_.run;
      const int64_t n = std::min(loops_.run - at, end - begin);
      result = R::Fold(x + loops_.reduced.Offset(row) + at, n, result);
      begin += n;
    }
    return result;
  }

  ReductionLoops loops_;
  int64_t outputs_;
  int64_t chunk_;  // results of a run that a job joins, and how many such there are
  int64_t chunks_ = 0;
  int64_t reduced_ = 0;  // elements of x for each of y
  int64_t part_ = 1;     // those that a job joins, and how many such parts there are
  int64_t parts_ = 0;
  bool rows_are_short_ = false;
};

// The factory of an op with an attribute `axes`.
template <typename R>
KernelFactory MakeReduction() {
  return [](const KernelInit& init) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    const Shape& x = init.input_shapes[0];
    return std::make_unique<ReductionKernel<R>>(x, KeptShape(x, init.attrs.Ints("axes")));
  };
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_REDUCE_H_
