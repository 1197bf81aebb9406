// The addresses below /v1beta/openai/.
#include <bit>

#include "daemon/sandbox/context.hpp"
#include "daemon/sandbox/embeddings.hpp"
#include "daemon/sandbox/fields.hpp"
#include "daemon/sandbox/openai_face.hpp"
#include "lib/core/base64.hpp"

namespace gembal::sandbox {
namespace {

Reply ok(const Json& json) {
  auto reply = json_reply(200, json);
  reply.headers[0].second = "application/json";
  reply.events = {to_text(json)};  // this server writes no blanks
  return reply;
}

/// The body as JSON and the model that it names; a reply instead when either is wrong.
struct Call {
  Json body;
  const Model* model = nullptr;
  std::optional<Reply> refusal;
};

Call read_call(Context& context, bool embeds) {
  Call call;
  auto parsed = parse_json(context.request.body);
  if (!parsed || !parsed->is_object()) {
    call.refusal = refuse(
        context, *read_body(parsed ? "[]" : context.request.body, "GenerateContentRequest").error);
    return call;
  }
  call.body = *std::move(parsed);
  const auto id = string_in(call.body, "model");
  if (id.empty()) {
    call.refusal =
        refuse(context,
               invalid_argument("* GenerateContentRequest.model: unexpected model name format\n"));
    return call;
  }
  call.model = model_named(id);
  if (!call.model || call.model->kind == ModelKind::video ||
      embeds != (call.model->kind == ModelKind::embedding)) {
    call.refusal =
        refuse(context, no_such_model(id, "v1main"));  // so does Google name the version here
  }
  return call;
}

Reply chat(Context& context) {
  auto call = read_call(context, false);
  if (call.refusal) return *call.refusal;
  auto body = to_generate_body(call.body);
  if (auto* error = std::get_if<ApiError>(&body)) return refuse(context, *error);
  auto said = say(context, *call.model, std::move(std::get<Json>(body)));
  if (auto* error = std::get_if<ApiError>(&said)) return refuse(context, *error);
  const auto& good = std::get<Said>(said);
  const auto model = string_in(call.body, "model");
  if (!bool_in(call.body, "stream").value_or(false)) return ok(to_completion(context, good, model));
  const Json* options = find(call.body, "stream_options");
  const bool with_usage = options && bool_in(*options, "include_usage").value_or(false);
  auto reply =
      stream_reply(Framing::sse_lf, to_completion_chunks(context, good, model, with_usage));
  reply.events.emplace_back("data: [DONE]\n\n");
  return reply;
}

/// Four bytes a number, the lowest first, as OpenAI's SDKs read it.
std::string as_base64(const Json& values) {
  std::string bytes;
  for (const auto& value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value.get<double>()));
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xff);
  }
  return base64_encode(bytes);
}

Reply embeddings(Context& context) {
  auto call = read_call(context, true);
  if (call.refusal) return *call.refusal;
  const Json* input = find(call.body, "input");
  Json texts = Json::array();
  if (input && input->is_string()) texts.push_back(*input);
  if (input && input->is_array()) texts = *input;
  Json requests = Json::array();
  for (const auto& text : texts) {
    if (!text.is_string())
      return refuse(context, invalid_argument("Request contains an invalid argument."));
    Json request = {{"model", std::string("models/") + call.model->id},
                    {"content", {{"parts", Json::array({{{"text", text}}})}}}};
    if (const auto dimensions = integer_in(call.body, "dimensions"))
      request["outputDimensionality"] = *dimensions;
    requests.push_back(std::move(request));
  }
  auto result = embed_batch(*call.model, {{"requests", std::move(requests)}}, context.seed);
  if (auto* error = std::get_if<ApiError>(&result)) return refuse(context, *error);
  const auto& good = std::get<EmbedResult>(result);
  if (const auto error = context.charge(call.model->id, {good.texts, good.tokens, true}))
    return refuse(context, *error);
  const bool packed = string_in(call.body, "encoding_format") == "base64";
  Json data = Json::array();
  for (const auto& embedding : good.body["embeddings"]) {
    data.push_back(
        {{"embedding", packed ? Json(as_base64(embedding["values"])) : embedding["values"]},
         {"index", data.size()},
         {"object", "embedding"}});
  }
  return ok(
      {{"data", std::move(data)}, {"model", string_in(call.body, "model")}, {"object", "list"}});
}

Reply images(Context& context) {
  auto call = read_call(context, false);
  if (call.refusal) return *call.refusal;
  if (call.model->kind != ModelKind::image) {
    return refuse(context, no_such_model(string_in(call.body, "model"), "v1main"));
  }
  if (const auto format = string_in(call.body, "response_format");
      !format.empty() && format != "b64_json") {
    return refuse(context, invalid_argument("Only b64_json is supported as response_format."));
  }
  const auto count = integer_in(call.body, "n").value_or(1);
  if (count < 1 || count > 8)
    return refuse(context, invalid_argument("n must be between 1 and 8."));
  Json data = Json::array();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string prompt(string_in(call.body, "prompt"));
    auto said = say(context, *call.model,
                    {{"contents", Json::array({{{"parts", Json::array({{{"text", prompt}}})}}})},
                     {"generationConfig", {{"responseModalities", Json::array({"IMAGE"})}}}});
    if (auto* error = std::get_if<ApiError>(&said)) return refuse(context, *error);
    for (const auto& part : joined_parts(std::get<Said>(said).answer)) {
      if (const Json* blob = find(part, "inlineData"))
        data.push_back({{"b64_json", string_in(*blob, "data")}});
    }
  }
  return ok({{"created", to_unix_seconds(context.now)}, {"data", std::move(data)}});
}

Json model_entry(const Model& model) {
  return {{"id", std::string("models/") + model.id},
          {"object", "model"},
          {"owned_by", "google"},
          {"display_name", model.display_name}};
}

Reply models(Context& context) {
  const auto& segments = context.target.segments;
  if (segments.size() == 2) {
    Json data = Json::array();
    for (const auto& model : all_models()) data.push_back(model_entry(model));
    return ok({{"object", "list"}, {"data", std::move(data)}});
  }
  const Model* model = model_named(segments.back());
  if (model) return ok(model_entry(*model));
  return refuse(context, no_such_model(segments.back(), "v1main"));
}

}  // namespace

Reply answer_openai(Context& context) {
  const auto& segments = context.target.segments;
  const auto& verb = context.request.method;
  const std::string second = segments.size() > 1 ? segments[1] : "";
  const std::string third = segments.size() > 2 ? segments[2] : "";
  if (verb == "GET" && second == "models") return models(context);
  if (verb == "POST" && second == "chat" && third == "completions") return chat(context);
  if (verb == "POST" && second == "embeddings") return embeddings(context);
  if (verb == "POST" && second == "images" && third == "generations") return images(context);
  if (second == "batches") return answer_openai_batches(context);
  return refuse(context, no_such_page());
}

}  // namespace gembal::sandbox
