// Figures about a running server in the text format of Prometheus.
#ifndef VIV_CORE_SERVING_METRICS_H_
#define VIV_CORE_SERVING_METRICS_H_

#include <map>
#include <string>
#include <vector>

#include "core/base/thread_annotations.h"

namespace viv {

// Safe for concurrent use.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  // A family has to be declared before its figures come. `name` as Prometheus has it
  // ("vivarium_requests_total"); `buckets`: upper bounds, rising.
  void DeclareCounter(const std::string& name, const std::string& help);
  void DeclareGauge(const std::string& name, const std::string& help);
  void DeclareHistogram(const std::string& name, const std::string& help,
                        std::vector<double> buckets);

  void Count(const std::string& name, const Labels& labels, double by = 1);
  void Set(const std::string& name, const Labels& labels, double value);
  void Observe(const std::string& name, const Labels& labels, double value);

  // All families, sorted by name.
  std::string Text() const;

 private:
  struct Series {
    double value = 0;  // the sum, of a histogram
    std::vector<double> counts;
    double count = 0;
  };
  struct Family {
    std::string type, help;
    std::vector<double> buckets;
    std::map<Labels, Series> series;
  };
  void Declare(const std::string& name, Family family);

  mutable Mutex mutex_;
  std::map<std::string, Family> families_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_SERVING_METRICS_H_
