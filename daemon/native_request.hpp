#pragma once

#include <memory>
#include <string>

#include "daemon/request.hpp"
#include "lib/gemini/called_model.hpp"
#include "lib/gemini/enrich.hpp"
#include "lib/gemini/shown_text.hpp"

namespace gembal::daemon {

/// A native request, as far as its model's name and the operator's wishes change it. Most are not
/// changed at all, and then not looked at either.
struct NativeRequest {
  gemini::CalledModel called;
  bool enriches = false;  ///< something is to be added to the body
  bool renames = false;   ///< the body names the model by another name than upstream's
  gemini::Additions added;

  /// The body as it came, where it was changed and another model may answer; else null.
  std::shared_ptr<const std::string> original;

  bool changes() const { return enriches || renames; }
  /// What of the answer has to be shown as text.
  gemini::ShownAnswer::Wishes shown(const RequestScope& scope) const;
};

/// Reads the model's name in the path and puts upstream's own there. Errors: not_found (a filtered
/// model), bad_request.
Result<NativeRequest> read_native_request(RequestScope& scope);

/// Changes the body, when the request says so.
async::Task<void> change_body(RequestScope& scope, NativeRequest& request);

/// A body made for `model`, which answers in place of the one that was asked for.
std::string body_for_other(const RequestScope& scope, const NativeRequest& request,
                           const std::string& model);

}  // namespace gembal::daemon
