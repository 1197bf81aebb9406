#include "daemon/metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace gembal::daemon {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

std::string head(const std::string& name, const char* type, const std::string& help) {
  return "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

std::string one(const std::string& name, const char* type, const std::string& help, double value) {
  return head(name, type, help) + name + " " + number(value) + "\n";
}

/// A label's value as the format wants it.
std::string label(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '\n') {
      made += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') made += '\\';
    made += c;
  }
  return made + "\"";
}

const char* state_of(const keypool::KeyReport& report) {
  if (report.key.disabled) return "disabled";
  const char* worst = "ok";
  for (const auto& state : report.models) {
    if (state.status == keypool::ModelStatus::exhausted) return "exhausted";
    if (state.status == keypool::ModelStatus::cooling) worst = "cooling";
  }
  return worst;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code failed;
  double count = 0;
  for (std::filesystem::directory_iterator file("/proc/self/fd", failed), end;
       !failed && file != end; file.increment(failed)) {
    ++count;
  }
  return count;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void Metrics::Histogram::add(double seconds) {
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++counts[static_cast<std::size_t>(bound - kBounds.begin())];
  sum += seconds;
}

std::string Metrics::Histogram::text(const std::string& name, const std::string& help) const {
  std::string made = head(name, "histogram", help);
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    so_far += counts[i];
    made += name + "_bucket{le=\"" + number(kBounds[i]) + "\"} " + std::to_string(so_far) + "\n";
  }
  so_far += counts.back();
  made += name + "_bucket{le=\"+Inf\"} " + std::to_string(so_far) + "\n";
  made += name + "_sum " + number(sum) + "\n";
  return made + name + "_count " + std::to_string(so_far) + "\n";
}

void Metrics::note(const store::RequestRecord& request, std::string_view face,
                   std::chrono::nanoseconds overhead) {
  const std::lock_guard lock(mutex_);
  ++requests_[{std::string(face), request.status}];
  prompt_tokens_ += request.prompt_tokens;
  output_tokens_ += request.output_tokens;
  duration_.add(static_cast<double>(request.ms) / 1e3);
  first_byte_.add(static_cast<double>(request.first_ms) / 1e3);
  overhead_.add(std::max(std::chrono::duration<double>(overhead).count(), 0.0));
}

void Metrics::note_failed_call(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  ++failed_calls_[kind];
}

std::string Metrics::text(const keypool::KeyPool& pool, TimePoint now, bool store_works) const {
  std::map<std::string, std::uint64_t> keys = {
      {"ok", 0}, {"cooling", 0}, {"exhausted", 0}, {"disabled", 0}};
  for (const auto& report : pool.snapshot(now)) ++keys[state_of(report)];

  const std::lock_guard lock(mutex_);
  std::string made = head("gembal_requests_total", "counter", "Requests that were answered.");
  for (const auto& [of, count] : requests_) {
    made += "gembal_requests_total{face=" + label(of.first) + ",status=\"" +
            std::to_string(of.second) + "\"} " + std::to_string(count) + "\n";
  }
  made += head("gembal_upstream_failures_total", "counter", "Calls of upstream that failed.");
  for (const auto& [kind, count] : failed_calls_) {
    made +=
        "gembal_upstream_failures_total{kind=" + label(kind) + "} " + std::to_string(count) + "\n";
  }
  made += head("gembal_tokens_total", "counter", "Tokens as upstream counted them.");
  made += "gembal_tokens_total{kind=\"prompt\"} " + std::to_string(prompt_tokens_) + "\n";
  made += "gembal_tokens_total{kind=\"output\"} " + std::to_string(output_tokens_) + "\n";
  made += duration_.text("gembal_request_duration_seconds", "Until a reply's end.");
  made += first_byte_.text("gembal_first_byte_seconds", "Until a reply's beginning.");
  made += overhead_.text("gembal_overhead_seconds", "Of that, what was not spent on upstream.");
  made += head("gembal_keys", "gauge", "Keys by their state.");
  for (const auto& [state, count] : keys)
    made += "gembal_keys{state=\"" + state + "\"} " + std::to_string(count) + "\n";
  made += one("gembal_requests_active", "gauge", "Requests that are being answered.",
              static_cast<double>(active_.load()));
  made += one("gembal_store_works", "gauge", "Whether the last access to the store succeeded.",
              store_works ? 1 : 0);
  made += one("gembal_records_dropped_total", "counter",
              "Records of requests that the store did not take in time.",
              static_cast<double>(dropped_.load()));
  made += one("process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
  made += one("process_open_fds", "gauge", "Open files and sockets.", open_files());
  made += one("process_cpu_seconds_total", "counter", "Time on a processor.", cpu_seconds());
  return made;
}

}  // namespace gembal::daemon
