#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/gemini/rendering.hpp"
#include "lib/openai/response_output.hpp"

namespace gembal::openai {

/// Tells an answer as a response of the Responses API, or as the events of its stream. Whole and
/// streamed answers go the same way, so that their responses are the same.
class ResponseRendering final : public gemini::Rendering {
 public:
  /// `identity`: of the response ("resp_…"). `keep_signature` may be empty; it is told of messages
  /// and pictures, too, by the ids of their items.
  ResponseRendering(ReplyIdentity identity, ResponseWishes wishes, Json echo, bool is_streamed,
                    KeepSignature keep_signature);

  Result<std::string> whole(std::vector<gemini::Reply> replies) override;
  std::string begin() override;
  std::string push(gemini::Reply event, std::size_t call) override;
  bool finished() const override { return blocked_ || !finish_reason_.empty(); }
  std::string finish() override;

  /// A response that was given up (kind cancelled) is a cancelled one, any other a failed one.
  std::string fail(int status, const Error& error) override;

  /// The response as it is now; complete after whole(), finish() and fail().
  Json response() const;

  /// Its items as they are kept: with what clients do not see.
  const Json& items() const { return output_.items(); }

 private:
  std::string end(const char* status, const char* event);
  void tell_response(const char* event);

  const ReplyIdentity identity_;
  const Json echo_;
  ResponseEvents events_;
  ResponseOutput output_;
  bool blocked_ = false;  ///< the prompt
  std::string finish_reason_;
  Json grounding_;
  std::optional<gemini::Usage> usage_;
  std::string status_ = "in_progress";
  Json incomplete_ = nullptr;
  Json error_ = nullptr;
};

}  // namespace gembal::openai
