// Requests for pictures, from OpenAI's words to Gemini's.
#include "lib/openai/images.hpp"

#include <algorithm>
#include <charconv>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/picture.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/image_shape.hpp"

namespace gembal::openai {
namespace {

/// A member that is there and not null.
const Json* given(const Json& request, std::string_view name) {
  const Json* value = find(request, name);
  return value && !value->is_null() ? value : nullptr;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// A string out of `allowed`; `standard` when it is not there.
Result<std::string> take_word(const Json& request, const char* name,
                              const std::vector<std::string>& allowed, const char* standard) {
  const Json* value = given(request, name);
  if (!value) return std::string(standard);
  const std::string word = value->is_string() ? lower(value->get<std::string>()) : "";
  if (std::find(allowed.begin(), allowed.end(), word) == allowed.end())
    return bad(name, std::string("'") + name + "' must be one of " + join(allowed, ", "));
  return word;
}

/// A whole number, also as a form has it, in digits.
Result<int> take_count(const Json& request, const char* name, int least, int most, int standard) {
  if (!given(request, name)) return standard;
  const auto number = integer_in(request, name);
  if (!number || *number < least || *number > most) {
    return bad(name, std::string("'") + name + "' must be a whole number from " +
                         std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<int>(*number);
}

Result<bool> take_flag(const Json& request, const char* name) {
  const Json* value = given(request, name);
  if (!value) return false;
  if (value->is_boolean()) return value->get<bool>();
  if (*value == "true" || *value == "1") return true;
  if (*value == "false" || *value == "0" || *value == "") return false;
  return bad(name, std::string("'") + name + "' must be true or false");
}

/// OpenAI's own models, and whatever else is none of Gemini's, stand for the standard model.
Result<gemini::CalledModel> take_model(const Json& request, const gemini::ModelRules& rules) {
  const Json* value = given(request, "model");
  if (value && !value->is_string()) return bad("model", "'model' must be a string");
  if (value) {
    auto called = gemini::read_called_model(value->get_ref<const std::string&>(), rules);
    if (!called) return bad("model", called.error().message);
    const std::string_view model = called->model;
    const bool is_geminis =
        model.starts_with("gemini-") || model.find("nano-banana") != std::string_view::npos;
    if (is_geminis && !gemini::is_valid_model(model))
      return bad("model", "'model' must be the name of a model");
    if (is_geminis) return called;
  }
  gemini::CalledModel standard;
  standard.called = standard.model = rules.image_model;
  return standard;
}

/// "{n:2}" and "{ratio:16:9}" in the prompt: they say what the fields say, and win over them.
Result<void> take_prompt_words(ImageCall& call) {
  constexpr std::size_t kLongest = 24;
  std::string& prompt = call.prompt;
  for (std::size_t at = prompt.find('{'); at != std::string::npos;) {
    const auto end = prompt.find('}', at);
    if (end == std::string::npos) break;
    const auto inside = std::string_view(prompt).substr(at + 1, end - at - 1);
    const auto colon = inside.find(':');
    const auto name = lower(trim(inside.substr(0, colon)));
    if (inside.size() > kLongest || colon == std::string_view::npos ||
        (name != "n" && name != "ratio")) {
      at = prompt.find('{', at + 1);
      continue;
    }
    const auto value = trim(inside.substr(colon + 1));
    if (name == "n") {
      int count = 0;
      const auto [last, failure] =
          std::from_chars(value.data(), value.data() + value.size(), count);
      if (failure != std::errc() || last != value.data() + value.size() || count < 1 ||
          count > kMostPictures)
        return bad("prompt", "{n:…} in the prompt must be a number from 1 to " +
                                 std::to_string(kMostPictures));
      call.count = count;
    } else {
      const auto traits = shape_traits(call.called.model);
      if (!has_aspect_ratio(value, traits))
        return bad("prompt",
                   "{ratio:…} in the prompt must be one of " + list_aspect_ratios(traits));
      call.aspect_ratio = value;
    }
    prompt.erase(at, end - at + 1);
    at = prompt.find('{', at);
  }
  prompt = trim(prompt);
  return {};
}

Result<void> take_prompt(const Json& request, ImageCall& call) {
  const Json* prompt = given(request, "prompt");
  if (!prompt) return bad("prompt", "'prompt' is missing: say what the picture is to show");
  if (!prompt->is_string()) return bad("prompt", "'prompt' must be a string");
  call.prompt = prompt->get<std::string>();
  if (count_characters(call.prompt) > kLongestImagePrompt) {
    return bad("prompt",
               "'prompt' may have at most " + std::to_string(kLongestImagePrompt) + " characters");
  }
  if (auto taken = take_prompt_words(call); !taken) return taken;
  if (call.prompt.empty()) return bad("prompt", "'prompt' must not be empty");
  return {};
}

const std::vector<std::string> kClasses = {"512", "1K", "2K", "4K"};

/// A class in any of the ways in which people write it; "" when it is none.
std::string class_named(std::string_view text) {
  const auto word = lower(text);
  if (word == "512" || word == "0.5k" || word == "512px") return "512";
  for (const auto& known : kClasses) {
    if (word == lower(known)) return known;
  }
  return "";
}

/// `size`, and what people write besides: `aspect_ratio`, `image_size`.
Result<void> take_shape(const Json& request, ImageCall& call) {
  const auto traits = shape_traits(call.called.model);
  const auto size_error = [&traits] {
    return bad("size",
               "'size' must be 'auto', WIDTHxHEIGHT as in 1024x1024 with sides of 16 to 8192, "
               "a class (1K, 2K, 4K), or an aspect ratio out of " +
                   list_aspect_ratios(traits));
  };
  if (const Json* value = given(request, "size")) {
    if (!value->is_string()) return size_error();
    const auto size = std::string(trim(value->get_ref<const std::string&>()));
    if (!size.empty()) call.size = size;
    if (const auto named = class_named(size); !named.empty()) {
      call.size_class = named;
    } else if (has_aspect_ratio(size, traits)) {
      call.aspect_ratio = size;
    } else if (!size.empty() && lower(size) != "auto") {
      const auto shape = shape_of(size, traits);
      if (!shape) return size_error();
      call.aspect_ratio = shape->aspect_ratio;
      call.size_class = shape->size_class;
      if (!shape->is_near)
        call.warnings.push_back("the model has no pictures of the shape " + size +
                                ": the nearest is " + shape->aspect_ratio);
    }
  }
  if (const Json* value = given(request, "aspect_ratio")) {
    const auto ratio = value->is_string() ? value->get<std::string>() : "";
    if (!has_aspect_ratio(ratio, traits))
      return bad("aspect_ratio", "'aspect_ratio' must be one of " + list_aspect_ratios(traits));
    call.aspect_ratio = ratio;
  }
  if (const Json* value = given(request, "image_size")) {
    const auto named = class_named(value->is_string() ? value->get<std::string>() : "");
    if (named.empty()) return bad("image_size", "'image_size' must be one of 512, 1K, 2K, 4K");
    call.size_class = named;
  }
  return {};
}

/// Gemini's pictures have no quality but their size: it counts where no size was asked for.
Result<void> take_quality(const Json& request, ImageCall& call) {
  auto quality =
      take_word(request, "quality",
                {"auto", "low", "medium", "high", "standard", "hd", "xhigh", "max"}, "auto");
  if (!quality) return std::move(quality).error();
  const bool is_high =
      *quality == "high" || *quality == "hd" || *quality == "xhigh" || *quality == "max";
  const bool is_low = *quality == "low";
  call.quality = is_high ? "high" : is_low ? "low" : *quality == "auto" ? "auto" : "medium";
  const auto traits = shape_traits(call.called.model);
  if (!call.size_class.empty() && !has_size_class(call.size_class, traits))
    call.warnings.push_back(call.called.model + " makes no pictures of the size " +
                            call.size_class);
  if (call.size_class.empty() && is_high && traits.has_sizes) call.size_class = "2K";
  if (call.size_class.empty() && is_low && traits.has_half_size) call.size_class = "512";
  return {};
}

Result<void> take_format(const Json& request, ImageCall& call) {
  auto format = take_word(request, "output_format", {"png", "jpeg", "jpg", "webp"}, "");
  if (!format) return std::move(format).error();
  call.output_format = *format == "jpg" ? "jpeg" : *format;
  if (auto read = take_count(request, "output_compression", 0, 100, 100); !read)
    return std::move(read).error();
  auto background = take_word(request, "background", {"auto", "opaque", "transparent"}, "auto");
  if (!background) return std::move(background).error();
  if (*background == "transparent")
    call.warnings.emplace_back(
        "the model cannot make transparent backgrounds: the picture is opaque");

  // OpenAI's own models since GPT Image always send the picture itself; the ones before, an
  // address.
  const auto model = string_in(request, "model");
  const bool sends_itself = model.starts_with("gpt-image") || model.starts_with("chatgpt-image");
  auto response =
      take_word(request, "response_format", {"url", "b64_json"}, sends_itself ? "b64_json" : "url");
  if (!response) return std::move(response).error();
  call.wants_url = *response == "url";
  return {};
}

Result<void> take_stream(const Json& request, ImageCall& call) {
  const auto stream = take_flag(request, "stream");
  if (!stream) return stream.error();
  call.stream = *stream;
  if (call.stream) call.wants_url = false;  // its events have the pictures themselves
  const auto partial = take_count(request, "partial_images", 0, 3, 0);
  if (!partial) return partial.error();
  call.partial_images = call.stream ? *partial : 0;
  return {};
}

/// What both kinds of requests have in common.
Result<ImageCall> read_common(const Json& request, const gemini::ModelRules& rules) {
  ImageCall call;
  auto called = take_model(request, rules);
  if (!called) return std::move(called).error();
  call.called = *std::move(called);
  const auto count = take_count(request, "n", 1, kMostPictures, 1);
  if (!count) return count.error();
  call.count = *count;
  for (const auto take : {take_shape, take_prompt, take_quality, take_format, take_stream}) {
    if (auto taken = take(request, call); !taken) return std::move(taken).error();
  }
  return call;
}

Result<InputPicture> take_picture(const FormFile& file) {
  if (file.bytes.empty()) return bad(file.name, "the file '" + file.name + "' is empty");
  const auto type = picture_type(file.bytes);
  if (type.empty()) {
    return bad(file.name,
               "the file '" + file.name + "' is not an image: send PNG, JPEG, WebP or HEIC");
  }
  // What else we know, the models do not.
  if (type == "image/gif" || type == "image/avif" || type == "image/bmp") {
    return bad(file.name, "the models do not read " + std::string(type) + ": send '" + file.name +
                              "' as PNG, JPEG, WebP or HEIC");
  }
  return InputPicture{std::string(type), file.bytes};
}

}  // namespace

Result<ImageCall> read_image_generation(std::string_view json, const gemini::ModelRules& rules) {
  const auto request = parse_json(json);
  if (!request) return request.error();
  if (!request->is_object()) return bad("", "the request body must be a JSON object");
  return read_common(*request, rules);
}

Result<ImageCall> read_image_edit(const Json& fields, const std::vector<FormFile>& images,
                                  const std::optional<FormFile>& mask,
                                  const gemini::ModelRules& rules) {
  auto call = read_common(fields, rules);
  if (!call) return call;
  call->is_edit = true;
  if (images.empty())
    return bad("image", "'image' is missing: send the picture that is to be edited as a file");
  if (images.size() > kMostInputPictures) {
    return bad("image",
               "at most " + std::to_string(kMostInputPictures) + " images can be edited at once");
  }
  for (const auto& file : images) {
    auto picture = take_picture(file);
    if (!picture) return std::move(picture).error();
    call->inputs.push_back(*std::move(picture));
  }
  if (mask) {
    auto picture = take_picture(*mask);
    if (!picture) return std::move(picture).error();
    call->mask = *std::move(picture);
  }
  return call;
}

Json image_request(const ImageCall& call, std::string_view model) {
  const auto traits = shape_traits(model);
  std::string prompt = call.prompt;
  if (call.mask) {
    prompt +=
        "\n\nThe last image is a mask for the first one: change only what is transparent (or, where "
        "nothing is, black) in the mask, and leave everything else exactly as it is.";
  }
  Json config = {{"responseModalities", Json::array({"IMAGE"})}};
  Json shape = Json::object();
  if (!call.aspect_ratio.empty())
    shape["aspectRatio"] = nearest_aspect_ratio(call.aspect_ratio, traits);
  const bool is_standard = call.size_class.empty() || call.size_class == "1K";
  if (!is_standard && has_size_class(call.size_class, traits)) shape["imageSize"] = call.size_class;
  if (!shape.empty()) config["imageConfig"] = std::move(shape);
  if (call.partial_images > 0 && traits.shows_drafts)
    config["thinkingConfig"] = {{"includeThoughts", true}};
  Json parts = Json::array({{{"text", std::move(prompt)}}});
  return {{"contents", Json::array({{{"role", "user"}, {"parts", std::move(parts)}}})},
          {"generationConfig", std::move(config)}};
}

std::string image_request_text(const Json& request, const ImageCall& call) {
  std::string text = to_text(request);
  if (call.inputs.empty()) return text;
  // Put in as text: a tree of them would be one more copy of everything.
  constexpr std::string_view kParts = R"("parts":[)";
  const auto at = text.find(kParts) + kParts.size();
  std::string whole = text.substr(0, at);
  std::size_t bytes = text.size() + 64;
  for (const auto& input : call.inputs) bytes += input.bytes.size() / 3 * 4 + 128;
  if (call.mask) bytes += call.mask->bytes.size() / 3 * 4 + 128;
  whole.reserve(bytes);
  const auto add = [&whole](const InputPicture& picture) {
    whole.append(R"({"inlineData":{"mimeType":")").append(picture.media_type);
    whole.append(R"(","data":")");
    append_base64(whole, picture.bytes);
    whole.append("\"}},");
  };
  for (const auto& input : call.inputs) add(input);
  if (call.mask) add(*call.mask);
  whole.append(text, at);
  return whole;
}

}  // namespace gembal::openai
