#include "lib/anthropic/messages.hpp"

#include "lib/anthropic/conversation.hpp"
#include "lib/anthropic/tools.hpp"

namespace gembal::anthropic {
namespace {

MessageWishes wishes_in(const Json& request) {
  MessageWishes wishes;
  wishes.thoughts = thoughts_wanted(request);
  if (const Json* choice = find(request, "tool_choice"))
    wishes.one_call = bool_in(*choice, "disable_parallel_tool_use").value_or(false);
  wishes.shows_code = has_tool(request, "code_execution_");
  wishes.shows_finds = has_tool(request, "web_search_");
  return wishes;
}

}  // namespace

Result<MessageCall> translate_message(Json request, std::string_view model,
                                      const gemini::SignatureOf& signature_of) {
  if (!request.is_object())
    return Error{ErrorKind::bad_request, "the request body must be a JSON object", ""};
  const auto traits = gemini::traits_of(model);
  MessageCall call;
  call.stream = bool_in(request, "stream").value_or(false);
  call.wishes = wishes_in(request);
  call.body = object_with_room(16);  // it must not be copied as it grows: files are in it
  auto conversation = translate_conversation(request, traits, signature_of);
  if (!conversation) return std::move(conversation).error();
  (*std::move(conversation)).put_into(call.body, traits);
  if (auto taken = translate_tools(request, traits, call.body); !taken)
    return std::move(taken).error();
  if (auto taken = translate_options(request, traits, call.body); !taken)
    return std::move(taken).error();
  return call;
}

Json count_request(Json body, std::string_view model) {
  body["model"] = "models/" + std::string(model);
  body.erase("generationConfig");  // counts nothing, and may be refused
  Json request;
  request["generateContentRequest"] = std::move(body);
  return request;
}

Result<std::string> count_reply(std::string_view body) {
  const auto reply = parse_json(body);
  const auto tokens = reply ? integer_in(*reply, "totalTokens") : std::nullopt;
  if (!tokens) return Error{ErrorKind::upstream, "the upstream's count cannot be read", ""};
  return to_text({{"input_tokens", *tokens}});
}

}  // namespace gembal::anthropic
