#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/time.hpp"
#include "lib/http/client.hpp"
#include "lib/images/options.hpp"

namespace gembal::images {

/// A picture as the models give it.
struct Picture {
  std::string media_type;  ///< "image/png"
  std::string base64;
};

/// One picture on its way to a host.
struct Upload {
  const Picture& picture;
  std::string name;  ///< without folder and extension: nobody can guess it
  TimePoint now;

  /// With the extension that goes with the picture's type: "5f3a….png".
  std::string file_name() const;
};

/// A service that keeps pictures and gives them an address. Pure: it says what to ask and
/// understands the reply. Refers to the options that it was made from.
class Host {
 public:
  virtual ~Host() = default;

  /// As people know it: "SM.MS".
  virtual const char* name() const = 0;

  /// What to ask. The body holds the picture, decoded once. Errors: config (a setting is missing),
  /// upstream (what the model gave is not base64).
  virtual Result<http::Request> request(const Upload& upload) const = 0;

  /// The picture's address, from the reply. Errors: upstream, in the host's own words.
  virtual Result<std::string> address(int status, std::string_view body,
                                      const Upload& upload) const = 0;

  /// What must not be told to anybody, should the host quote it.
  virtual const Secret& secret() const = 0;
};

/// The host that `options.upload` names; null for "self" and "none". The options must outlive it.
std::unique_ptr<Host> make_host(const Options& options);

// For hosts.

/// `address` when it is a http(s) address without blanks or quotes. Errors: upstream.
Result<std::string> checked_address(std::string_view address);
/// "a setting is missing": which one.
Error missing(std::string_view setting);
/// A host's refusal: its words, or else the status.
Error refused(int status, std::string_view words);

}  // namespace gembal::images
