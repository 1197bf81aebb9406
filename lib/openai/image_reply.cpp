// Pictures, from Gemini's replies to OpenAI's.
#include "lib/openai/image_reply.hpp"

#include <algorithm>
#include <array>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/picture.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::openai {
namespace {

constexpr std::array<std::string_view, 10> kRefusals = {
    "SAFETY",       "PROHIBITED_CONTENT",       "BLOCKLIST",        "RECITATION", "SPII",
    "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "LANGUAGE",   "MODEL_ARMOR"};

/// It goes into JSON as it is.
bool is_base64(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=' || c == '-' || c == '_';
  });
}

std::int64_t tokens_of(const Json& metadata, const char* details, std::string_view modality) {
  std::int64_t sum = 0;
  const Json* list = find(metadata, details);
  if (!list || !list->is_array()) return 0;
  for (const auto& one : *list) {
    if (string_in(one, "modality") == modality) sum += integer_in(one, "tokenCount").value_or(0);
  }
  return sum;
}

ImageUsage usage_from(const Json& metadata) {
  const auto count = [&metadata](const char* name) {
    return integer_in(metadata, name).value_or(0);
  };
  ImageUsage usage;
  usage.input = count("promptTokenCount") + count("toolUsePromptTokenCount");
  usage.output = count("candidatesTokenCount") + count("thoughtsTokenCount");
  usage.total = usage.input + usage.output;
  usage.input_images = tokens_of(metadata, "promptTokensDetails", "IMAGE");
  usage.input_text = usage.input - usage.input_images;
  usage.output_images = tokens_of(metadata, "candidatesTokensDetails", "IMAGE");
  return usage;
}

Json usage_json(const ImageUsage& usage) {
  return {{"input_tokens", usage.input},
          {"input_tokens_details",
           {{"image_tokens", usage.input_images}, {"text_tokens", usage.input_text}}},
          {"output_tokens", usage.output},
          {"output_tokens_details",
           {{"image_tokens", usage.output_images},
            {"text_tokens", usage.output - usage.output_images}}},
          {"total_tokens", usage.total}};
}

/// "png", "jpeg", "webp", as OpenAI names what the picture is.
std::string format_of(const MadePicture& picture) {
  const std::string_view type = picture.media_type;
  return std::string(type.starts_with("image/") ? type.substr(6) : type);
}

/// "1024x1024", from the first bytes; "" when they do not tell.
std::string size_from(std::string_view base64) {
  constexpr std::size_t kEnough = 64 * 1024;
  std::string start;
  if (!append_decoded(start, base64.substr(0, kEnough))) return "";
  const auto size = picture_size(start);
  return size ? std::to_string(size->width) + "x" + std::to_string(size->height) : "";
}

std::string size_of(const ImageCall& call, const MadePicture& picture) {
  return picture.size.empty() ? call.size : picture.size;
}

/// `json`, an object, as text without its last bracket.
std::string open_object(const Json& json) {
  std::string text = to_text(json);
  text.pop_back();
  return text;
}

/// Pieces of text of which the pictures' own are moved.
class Pieces {
 public:
  void add(std::string_view text) {
    if (is_own_) pieces_.emplace_back();
    is_own_ = false;
    pieces_.back() += text;
  }
  void move(std::string text) {
    pieces_.push_back(std::move(text));
    is_own_ = true;
  }
  std::vector<std::string> take() { return std::move(pieces_); }

 private:
  std::vector<std::string> pieces_;
  bool is_own_ = true;  ///< the last piece is a picture's
};

Json event_json(const ImageCall& call, const MadePicture& picture, std::string_view kind,
                std::int64_t created) {
  const std::string type =
      std::string(call.is_edit ? "image_edit." : "image_generation.") + std::string(kind);
  return {{"type", type},
          {"created_at", created},
          {"size", size_of(call, picture)},
          {"quality", call.quality},
          {"background", "opaque"},
          {"output_format", format_of(picture)}};
}

std::vector<std::string> event(const Json& json, MadePicture picture) {
  Pieces pieces;
  pieces.add("event: " + std::string(string_in(json, "type")) + "\ndata: ");
  pieces.add(open_object(json) + R"(,"b64_json":")");
  pieces.move(std::move(picture.base64));
  pieces.add("\"}\n\n");
  return pieces.take();
}

std::string sentence(std::string_view words) {
  constexpr std::size_t kLongest = 500;
  std::string text(trim(words.substr(0, kLongest)));
  while (!is_valid_utf8(text) && !text.empty()) text.pop_back();
  return text;
}

}  // namespace

ImageUsage& ImageUsage::operator+=(const ImageUsage& other) {
  input += other.input;
  input_text += other.input_text;
  input_images += other.input_images;
  output += other.output;
  output_images += other.output_images;
  total += other.total;
  return *this;
}

bool MadePictures::has_result() const {
  return std::any_of(pictures.begin(), pictures.end(),
                     [](const auto& picture) { return !picture.is_draft; });
}

Result<void> MadePictures::read(std::string_view body, std::size_t room) {
  auto reply = parse_json(body, room);
  if (!reply || !reply->is_object())
    return Error{ErrorKind::upstream, "the upstream's reply cannot be read", ""};
  if (find(*reply, "error")) return Error{ErrorKind::upstream, gemini::message_of(body), ""};
  if (const Json* feedback = find(*reply, "promptFeedback")) {
    if (const auto reason = string_in(*feedback, "blockReason"); !reason.empty())
      block_reason = reason;
  }
  if (const Json* metadata = find(*reply, "usageMetadata")) usage = usage_from(*metadata);
  const auto candidates = reply->find("candidates");
  if (candidates == reply->end() || !candidates->is_array() || candidates->empty()) return {};
  auto& candidate = candidates->front();
  if (const auto reason = string_in(candidate, "finishReason"); !reason.empty())
    finish_reason = reason;
  if (const auto message = string_in(candidate, "finishMessage"); !message.empty()) words = message;
  const Json* content = find(candidate, "content");
  if (!content || !find(*content, "parts") || !find(*content, "parts")->is_array()) return {};
  for (auto& part : candidate["content"]["parts"]) {
    const bool is_thought = bool_in(part, "thought").value_or(false);
    if (const auto text = string_in(part, "text"); !is_thought) words += text;
    const Json* blob = find(part, "inlineData");
    if (!blob || !string_in(*blob, "mimeType").starts_with("image/")) continue;
    auto& data = part["inlineData"]["data"];
    if (!data.is_string() || !is_base64(data.get_ref<const std::string&>())) continue;
    MadePicture picture;
    picture.media_type = string_in(*blob, "mimeType");
    picture.base64 = std::move(data.get_ref<std::string&>());  // it may have megabytes
    picture.size = size_from(picture.base64);
    picture.is_draft = is_thought;
    pictures.push_back(std::move(picture));
  }
  return {};
}

ImageRefusal refusal_of(const MadePictures& made) {
  const bool is_blocked = !made.block_reason.empty();
  const std::string& reason = is_blocked ? made.block_reason : made.finish_reason;
  const auto words = sentence(made.words);
  ImageRefusal refusal;
  refusal.param = "prompt";
  if (is_blocked || std::find(kRefusals.begin(), kRefusals.end(), reason) != kRefusals.end()) {
    refusal.code = "content_policy_violation";
    refusal.message = std::string("the ") + (is_blocked ? "prompt" : "picture") +
                      " was refused by the model's safety system (" + reason + ")";
  } else {
    refusal.code = "image_generation_failed";
    refusal.message = "the model made no picture";
    if (!reason.empty() && reason != "STOP") refusal.message += " (" + reason + ")";
    refusal.may_try_again = reason != "MAX_TOKENS";
  }
  refusal.message += words.empty() ? ": say in other words what it is to show" : ": " + words;
  return refusal;
}

std::vector<std::string> image_reply(const ImageCall& call, std::vector<MadePicture> pictures,
                                     const ImageReplyFacts& facts) {
  Json tail = {{"background", "opaque"}, {"quality", call.quality}};
  if (!pictures.empty()) {
    tail["output_format"] = format_of(pictures.front());
    tail["size"] = size_of(call, pictures.front());
  }
  tail["usage"] = usage_json(facts.usage);
  if (!facts.warnings.empty()) tail["warning"] = join(facts.warnings, "; ");

  Pieces pieces;
  pieces.add(R"({"created":)" + std::to_string(facts.created) + R"(,"data":[)");
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (i > 0) pieces.add(",");
    if (!pictures[i].url.empty()) {
      pieces.add(to_text({{"url", pictures[i].url}}));
      continue;
    }
    pieces.add(R"({"b64_json":")");
    pieces.move(std::move(pictures[i].base64));
    pieces.add(R"("})");
  }
  pieces.add("]," + to_text(tail).substr(1));
  return pieces.take();
}

std::vector<std::string> partial_image_event(const ImageCall& call, MadePicture picture, int index,
                                             std::int64_t created) {
  auto json = event_json(call, picture, "partial_image", created);
  json["partial_image_index"] = index;
  return event(json, std::move(picture));
}

std::vector<std::string> completed_image_event(const ImageCall& call, MadePicture picture,
                                               const ImageReplyFacts& facts) {
  auto json = event_json(call, picture, "completed", facts.created);
  json["usage"] = usage_json(facts.usage);
  if (!facts.warnings.empty()) json["warning"] = join(facts.warnings, "; ");
  return event(json, std::move(picture));
}

}  // namespace gembal::openai
