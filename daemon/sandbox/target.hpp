#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/sandbox/script.hpp"

namespace gembal::sandbox {

/// An address of the API, taken apart.
struct Target {
  std::string version;                ///< "v1beta"; empty: not an address of the API
  std::vector<std::string> segments;  ///< after the version, decoded: {"models", "x"}
  std::string method;     ///< what stands after the last colon: "generateContent"; "" without any
  bool upload = false;    ///< below /upload/
  bool download = false;  ///< below /download/
  std::vector<std::pair<std::string, std::string>> query;

  bool openai() const { return !segments.empty() && segments[0] == "openai"; }
  /// The first value of a query parameter, or "".
  std::string parameter(const std::string& name) const;
  /// The model in the path, or "".
  std::string model() const;
  /// Streams of the native API are arrays unless alt=sse is asked for.
  bool wants_sse() const { return parameter("alt") == "sse"; }
};

Target parse_target(const Request& request);

}  // namespace gembal::sandbox
