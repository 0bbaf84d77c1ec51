// The exposition format, version 0.0.4.
#include "core/serving/metrics.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace viv {
namespace {

std::string Number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return absl::StrFormat("%.12g", value);
}

// "{model="x",code="200"}"; "" where there are no labels.
std::string Braces(const Metrics::Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    const std::string escaped =
        absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
    absl::StrAppend(&text, text.empty() ? "{" : ",", name, "=\"", escaped, "\"");
  }
  return text.empty() ? text : text + "}";
}

}  // namespace

void Metrics::Declare(const std::string& name, Family family) {
  MutexLock lock(mutex_);
  families_[name] = std::move(family);
}

void Metrics::DeclareCounter(const std::string& name, const std::string& help) {
  Declare(name, {.type = "counter", .help = help});
}
void Metrics::DeclareGauge(const std::string& name, const std::string& help) {
  Declare(name, {.type = "gauge", .help = help});
}
void Metrics::DeclareHistogram(const std::string& name, const std::string& help,
                               std::vector<double> buckets) {
  buckets.push_back(INFINITY);
  Declare(name, {.type = "histogram", .help = help, .buckets = std::move(buckets)});
}

void Metrics::Count(const std::string& name, const Labels& labels, double by) {
  MutexLock lock(mutex_);
  families_.at(name).series[labels].value += by;
}

void Metrics::Set(const std::string& name, const Labels& labels, double value) {
  MutexLock lock(mutex_);
  families_.at(name).series[labels].value = value;
}

void Metrics::Observe(const std::string& name, const Labels& labels, double value) {
  MutexLock lock(mutex_);
  Family& family = families_.at(name);
  Series& series = family.series[labels];
  series.counts.resize(family.buckets.size());
  for (size_t i = 0; i < family.buckets.size(); ++i) {
    if (value <= family.buckets[i]) ++series.counts[i];
  }
  series.value += value;
  ++series.count;
}

std::string Metrics::Text() const {
  MutexLock lock(mutex_);
  std::string text;
  for (const auto& [name, family] : families_) {
    absl::StrAppend(&text, "# HELP ", name, " ", family.help, "\n# TYPE ", name, " ", family.type,
                    "\n");
    for (const auto& [labels, series] : family.series) {
      if (family.type != "histogram") {
        absl::StrAppend(&text, name, Braces(labels), " ", Number(series.value), "\n");
        continue;
      }
      for (size_t i = 0; i < family.buckets.size(); ++i) {
        Labels with_bound = labels;
        with_bound["le"] = Number(family.buckets[i]);
        absl::StrAppend(&text, name, "_bucket", Braces(with_bound), " ", Number(series.counts[i]),
                        "\n");
      }
      absl::StrAppend(&text, name, "_sum", Braces(labels), " ", Number(series.value), "\n", name,
                      "_count", Braces(labels), " ", Number(series.count), "\n");
    }
  }
  return text;
}

}  // namespace viv
