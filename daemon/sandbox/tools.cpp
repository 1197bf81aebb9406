#include "daemon/sandbox/tools.hpp"

#include <algorithm>

#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/png.hpp"
#include "daemon/sandbox/sample.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

bool mentions(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

/// The words of a function's name: get_weather and getWeather have "get" and "weather".
std::vector<std::string> words_of_name(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (c == '_' || c == '.' || c == '-' || c == ':' || upper) words.emplace_back();
    if (upper) words.back() += static_cast<char>(c + 32);
    if (!upper && c != '_' && c != '.' && c != '-' && c != ':') words.back() += c;
  }
  return words;
}

bool speaks_of(const std::string& prompt, const std::string& name) {
  if (mentions(prompt, lower(name))) return true;
  for (const auto& word : words_of_name(name)) {
    static const std::vector<std::string> common = {"tool", "func", "function", "find",
                                                    "with", "data", "make",     "info"};
    if (word.size() >= 4 && std::find(common.begin(), common.end(), word) == common.end() &&
        mentions(prompt, word)) {
      return true;
    }
  }
  return false;
}

Json arguments_for(const Json& declaration, Muse& muse) {
  const Json* schema = find(declaration, "parametersJsonSchema");
  if (!schema) schema = find(declaration, "parameters");
  if (!schema) return Json::object();
  Json args = sample_of(*schema, muse);
  return args.is_object() ? args : Json::object();
}

std::string answer_text(const Answer& answer) {
  std::string text;
  for (const auto& part : joined_parts(answer)) {
    if (!find(part, "thought")) text += string_in(part, "text");
  }
  return text;
}

std::string url_in(const std::string& prompt) {
  auto at = prompt.find("https://");
  if (at == std::string::npos) at = prompt.find("http://");
  if (at == std::string::npos) return "";
  return prompt.substr(at, prompt.find_first_of(" \n\t\"<>)", at) - at);
}

/// The sentence that is grounded: the last one, so that its offset is not 0 where the text has
/// several.
Json segment_of(const std::string& text) {
  auto start = text.size() < 2 ? std::string::npos : text.rfind(". ", text.size() - 2);
  start = start == std::string::npos ? 0 : start + 2;
  Json segment = Json::object();
  if (start > 0) segment["startIndex"] = start;
  segment["endIndex"] = text.size();
  segment["text"] = text.substr(start);
  return segment;
}

}  // namespace

std::vector<PlannedCall> plan_calls(const Ask& ask) {
  if (!ask.function_responses.empty()) return {};
  std::string mode = "AUTO";
  std::vector<std::string> allowed;
  if (const Json* config = find(ask.body, "toolConfig")) {
    if (const Json* calling = find(*config, "functionCallingConfig")) {
      if (const auto given = string_in(*calling, "mode"); !given.empty()) mode = given;
      if (const Json* names = find(*calling, "allowedFunctionNames")) {
        for (const auto& name : *names) allowed.push_back(name.get<std::string>());
      }
    }
  }
  if (mode == "NONE" && !ask.directive.call) return {};

  std::vector<const Json*> declared;
  if (const Json* tools = find(ask.body, "tools")) {
    for (const auto& tool : *tools) {
      const Json* functions = find(tool, "functionDeclarations");
      if (!functions) continue;
      for (const auto& function : *functions) {
        const std::string name(string_in(function, "name"));
        if (allowed.empty() || std::find(allowed.begin(), allowed.end(), name) != allowed.end())
          declared.push_back(&function);
      }
    }
  }
  const std::string prompt = lower(ask.prompt);
  Muse muse = muse_of(ask.prompt);
  std::vector<PlannedCall> calls;
  for (const Json* function : declared) {
    const std::string name(string_in(*function, "name"));
    if (ask.directive.call ? *ask.directive.call != name : !speaks_of(prompt, name)) continue;
    calls.push_back({name, ask.directive.args.value_or(Json())});
  }
  const bool asked = mode == "ANY" || mentions(prompt, "tool") || mentions(prompt, "function");
  if (calls.empty() && !declared.empty() && asked && !ask.directive.call) {
    calls.push_back({std::string(string_in(*declared[0], "name")), Json()});
  }
  for (auto& call : calls) {
    for (const Json* function : declared) {
      Muse own = muse;  // several calls draw from the same words
      if (call.args.is_null() && string_in(*function, "name") == call.name)
        call.args = arguments_for(*function, own);
    }
  }
  return calls;
}

bool wants_code(const Ask& ask) {
  const std::string prompt = lower(ask.prompt);
  for (const char* word : {"code", "python", "comput", "calculat", "sum", "run "}) {
    if (mentions(prompt, word)) return true;
  }
  return muse_of(ask.prompt).numbers.size() >= 2;
}

CodeRun plan_code(const Ask& ask) {
  const auto numbers = muse_of(ask.prompt).numbers;
  if (numbers.empty()) return {"print('hello from the sandbox')\n", "hello from the sandbox\n"};
  Json list = Json::array();
  double sum = 0;
  for (const double number : numbers) {
    sum += number;
    if (std::floor(number) == number && std::abs(number) < 1e15) {
      list.push_back(static_cast<std::int64_t>(number));
    } else {
      list.push_back(number);
    }
  }
  const bool whole = std::floor(sum) == sum && std::abs(sum) < 1e15;
  const Json total = whole ? Json(static_cast<std::int64_t>(sum)) : Json(sum);
  return {"total = sum(" + to_text(list) + ")\nprint(f\"{total=}\")\n",
          "total=" + to_text(total) + "\n"};
}

void add_grounding(const Ask& ask, Answer& answer) {
  const std::string text = answer_text(answer);
  const std::string url = url_in(ask.prompt);
  const bool searched = ask.tool("googleSearch") != nullptr;
  const bool fetched = ask.tool("urlContext") && !url.empty();
  if ((!searched && !fetched) || text.empty()) return;
  answer.grounding = Json::object();
  if (searched) {
    const std::string query = ask.prompt.substr(0, ask.prompt.find('\n'));
    answer.grounding["searchEntryPoint"] = {
        {"renderedContent",
         "<div class=\"container\"><a class=\"chip\" href=\"https://www.google.com/search?q=" +
             percent_encode(query) + "\">search</a></div>"}};
    Dice dice(ask.seed, "search" + ask.prompt);
    answer.grounding["groundingChunks"] = Json::array();
    for (const char* title : {"example.com", "example.org"}) {
      answer.grounding["groundingChunks"].push_back(
          {{"web",
            {{"uri", "https://vertexaisearch.cloud.google.com/grounding-api-redirect/sandbox" +
                         dice.name(40)},
             {"title", title}}}});
    }
    answer.grounding["groundingSupports"] = Json::array(
        {{{"segment", segment_of(text)}, {"groundingChunkIndices", Json::array({0, 1})}}});
    answer.grounding["webSearchQueries"] = Json::array({query});
  } else {
    answer.grounding["groundingChunks"] =
        Json::array({{{"web", {{"uri", url}, {"title", "A page of the sandbox"}}}}});
    answer.grounding["groundingSupports"] =
        Json::array({{{"segment", segment_of(text)}, {"groundingChunkIndices", Json::array({0})}}});
  }
  if (fetched) {
    answer.url_context = {
        {"urlMetadata", Json::array({{{"retrievedUrl", url},
                                      {"urlRetrievalStatus", "URL_RETRIEVAL_STATUS_SUCCESS"}}})}};
  }
  answer.tool_tokens = 100 + count_tokens(ask.prompt);
}

bool makes_images(const Ask& ask) {
  if (ask.model->kind != ModelKind::image) return false;
  const Json* modalities = ask.config("responseModalities");
  return !modalities || modalities->empty() ||
         std::find(modalities->begin(), modalities->end(), Json("IMAGE")) != modalities->end();
}

bool says_text_too(const Ask& ask) {
  const Json* modalities = ask.config("responseModalities");
  return !modalities || modalities->empty() ||
         std::find(modalities->begin(), modalities->end(), Json("TEXT")) != modalities->end();
}

namespace {

/// inlineData with a PNG of the asked shape. What it shows depends on the prompt and on the
/// pictures that came with it.
Json picture(const Ask& ask, int divisor) {
  int across = 1, down = 1, longer = 128;
  if (const Json* config = ask.config("imageConfig")) {
    const auto ratio = split(string_in(*config, "aspectRatio"), ':');
    if (ratio.size() == 2) {
      across = std::clamp(std::atoi(std::string(ratio[0]).c_str()), 1, 64);
      down = std::clamp(std::atoi(std::string(ratio[1]).c_str()), 1, 64);
    }
    const auto size = string_in(*config, "imageSize");
    longer = size == "512" ? 64 : size == "2K" ? 256 : size == "4K" ? 512 : 128;
  }
  longer /= divisor;
  const int width = std::max(1, across >= down ? longer : longer * across / down);
  const int height = std::max(1, down >= across ? longer : longer * down / across);
  Dice dice(ask.seed, "image" + ask.prompt + join(ask.attachments, ";"));
  return {{"mimeType", "image/png"}, {"data", base64_encode(make_png(width, height, dice.next()))}};
}

}  // namespace

Json image_part(const Ask& ask) {
  Json part = {{"inlineData", picture(ask, 1)}};
  if (ask.model->signs_parts())
    part["thoughtSignature"] = make_signature(ask.seed, "image" + ask.response_id);
  return part;
}

Json draft_part(const Ask& ask) { return {{"inlineData", picture(ask, 2)}, {"thought", true}}; }

}  // namespace gembal::sandbox
