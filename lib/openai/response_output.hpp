#pragma once

#include <string>
#include <string_view>

#include "lib/core/json.hpp"
#include "lib/gemini/reply.hpp"
#include "lib/openai/chat_rendering.hpp"
#include "lib/openai/citations.hpp"
#include "lib/openai/response_events.hpp"
#include "lib/openai/responses.hpp"

namespace gembal::openai {

/// The output of a response: pieces of an answer become items, in the order in which they come, and
/// events that tell them. Thoughts make a reasoning item, text a message; calls, code and pictures
/// are items of their own.
class ResponseOutput {
 public:
  /// `events` must outlive it. `keep_signature` may be empty.
  ResponseOutput(std::string response_id, ResponseWishes wishes, ResponseEvents& events,
                 KeepSignature keep_signature);
  ResponseOutput(const ResponseOutput&) = delete;
  ResponseOutput& operator=(const ResponseOutput&) = delete;

  void add(gemini::Piece piece);

  /// A message that says why there is no answer.
  void refuse(const std::string& why);

  /// Ends the item that is open, if one is. What is known of the answer's sources only now goes
  /// into it when it is a message. `status`: "completed" or "incomplete". `grounding`: null for
  /// none.
  void finish(const char* status, const Json& grounding);

  /// The items that are complete, as they are kept: with what clients do not see.
  const Json& items() const { return items_; }

 private:
  enum class Kind { none, reasoning, message, code };

  /// The item that is being told; items that come whole are never open.
  struct Open {
    Kind kind = Kind::none;
    Json item;
    std::string place;  ///< the members of an event that say which item it is about
    std::string text;   ///< that was told so far
    bool refuses = false;
    CharacterIndex characters;
    Json annotations = Json::array();
  };

  void add_thought(std::string_view text);
  void add_text(std::string_view text);
  void add_call(gemini::Piece piece);
  void add_code(const std::string& code);
  void add_printed(const std::string& printed);
  void add_picture(gemini::Piece piece);
  void add_search(const Json& grounding);
  void open(Kind kind);
  void open_message(bool refuses);
  void close(const char* status = "completed");
  void close_reasoning();
  void close_message(const char* status);
  void annotate(const Json& grounding);
  Json call_item(const gemini::Piece& piece, bool is_custom) const;
  std::string id_for(std::string_view prefix) const;
  std::string place_of(std::string_view id) const;
  void start_item(const Json& item);
  void end_item(Json item);

  const std::string response_id_;
  const ResponseWishes wishes_;
  ResponseEvents& events_;
  const KeepSignature keep_signature_;
  Json items_ = Json::array();
  Open open_;
  std::size_t calls_ = 0;
};

}  // namespace gembal::openai
