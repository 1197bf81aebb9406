// The methods of models: lists, generateContent, streams, token counts and embeddings.
#include "daemon/sandbox/native.hpp"
#include "daemon/sandbox/answer.hpp"
#include "daemon/sandbox/check.hpp"
#include "daemon/sandbox/context.hpp"
#include "daemon/sandbox/embeddings.hpp"
#include "daemon/sandbox/fields.hpp"
#include "daemon/sandbox/stored.hpp"

namespace gembal::sandbox {
namespace {

bool well_formed(std::string_view id) {
  for (const char c : id) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.' && c != '_')
      return false;
  }
  return !id.empty();
}

/// What a method does with a model.
enum class Kind { generates, embeds, counts, batches, makes_videos };

std::optional<Kind> kind_of(std::string_view method) {
  if (method == "generateContent" || method == "streamGenerateContent") return Kind::generates;
  if (method == "embedContent" || method == "batchEmbedContents" ||
      method == "asyncBatchEmbedContent") {
    return Kind::embeds;
  }
  if (method == "countTokens") return Kind::counts;
  if (method == "batchGenerateContent") return Kind::batches;
  if (method == "predictLongRunning") return Kind::makes_videos;
  return std::nullopt;
}

bool can(const Model& model, Kind kind) {
  const bool embeds = model.kind == ModelKind::embedding;
  const bool makes_videos = model.kind == ModelKind::video;
  switch (kind) {
    case Kind::generates: return !embeds && !makes_videos;
    case Kind::embeds: return embeds;
    case Kind::counts: return !makes_videos;
    case Kind::batches: return !embeds && !makes_videos && !model.is_gemma();
    case Kind::makes_videos: return makes_videos;
  }
  return false;
}

Reply list(Context& context) {
  const Json parameters = {{"pageSize", context.target.parameter("pageSize")}};
  const auto page = list_models(integer_in(parameters, "pageSize").value_or(0),
                                context.target.parameter("pageToken"));
  if (!page) return refuse(context, invalid_argument("Invalid page token."));
  return json_reply(200, *page, context.compact());
}

Reply generate(Context& context, const Model& model, bool streams) {
  auto body = read_body(context.request.body, "GenerateContentRequest");
  if (body.error) return refuse(context, *body.error);
  auto said = say(context, model, std::move(body.value));
  if (auto* error = std::get_if<ApiError>(&said)) return refuse(context, *error);
  const auto& [ask, answer] = std::get<Said>(said);
  if (streams && candidates_asked_for(ask) > 1) return refuse(context, one_candidate());
  if (!streams) {
    auto response = to_response(ask, answer);
    add_candidates(response, ask, context.fault);
    auto reply = json_reply(200, response, context.compact());
    reply.headers.insert(reply.headers.begin(), {"x-gemini-service-tier", "standard"});
    return reply;
  }
  const auto framing = context.target.wants_sse() ? Framing::sse_crlf : Framing::json_array;
  return stream_reply(framing, to_chunks(ask, answer));
}

Reply count(Context& context) {
  auto body = read_body(context.request.body, "CountTokensRequest");
  if (body.error) return refuse(context, *body.error);
  const Json* request = find(body.value, "generateContentRequest");
  const Json& counted = request ? *request : body.value;
  const Json* contents = find(counted, "contents");
  if (!contents || contents->empty()) {
    return refuse(
        context,
        invalid_argument(request ? "* GenerateContentRequest.contents: contents is not specified\n"
                                 : "* CountTokensRequest.contents: contents is not specified\n"));
  }
  if (const auto error = refuse_references(context, counted)) return refuse(context, *error);
  const auto tokens = prompt_tokens(counted);
  Json details = Json::array();
  for (const auto& [modality, number] : tokens.by_modality) {
    details.push_back({{"modality", modality}, {"tokenCount", number}});
  }
  return json_reply(200,
                    {{"totalTokens", tokens.total()}, {"promptTokensDetails", std::move(details)}},
                    context.compact());
}

Reply embed(Context& context, const Model& model, bool batch) {
  const auto body =
      read_body(context.request.body, batch ? "BatchEmbedContentsRequest" : "EmbedContentRequest");
  if (body.error) return refuse(context, *body.error);
  const auto result = batch ? embed_batch(model, body.value, context.seed)
                            : embed_one(model, body.value, context.seed);
  if (const auto* error = std::get_if<ApiError>(&result)) return refuse(context, *error);
  const auto& good = std::get<EmbedResult>(result);
  if (const auto error = context.charge(model.id, {good.texts, good.tokens, true}))
    return refuse(context, *error);
  return json_reply(200, good.body, context.compact());
}

}  // namespace

std::variant<Said, ApiError> say(Context& context, const Model& model, Json body) {
  Json cached;
  if (const Json* named = find(body, "cachedContent")) {
    const std::string name = named->get<std::string>();
    context.with_objects([&](Objects& objects) {
      if (const auto* object = objects.get(name, context.project, context.now))
        cached = object->content;
    });
    if (cached.is_null())
      return plain_error(403, "PERMISSION_DENIED",
                         "CachedContent not found (or permission denied)");
    if (string_in(cached, "model") != std::string("models/") + model.id) {
      return invalid_argument("Cached content model does not match the model in the request.");
    }
  }
  if (auto error = refuse_references(context, body)) return *std::move(error);
  auto understood = understand(model, std::move(body), cached.is_null() ? nullptr : &cached);
  if (auto* error = std::get_if<ApiError>(&understood)) return *error;
  Ask& ask = std::get<Ask>(understood);
  if (ask.tokens.total() > model.input_token_limit) {
    return invalid_argument("The input token count (" + std::to_string(ask.tokens.total()) +
                            ") exceeds the maximum number of tokens allowed (" +
                            std::to_string(model.input_token_limit) + ").");
  }
  ask.seed = context.seed;
  ask.response_id = context.id;
  if (const auto error = context.charge(model.id, {1, ask.tokens.total(), false})) return *error;

  if (ask.directive.fault) context.fault = ask.directive.fault;
  if (ask.directive.delay) context.pace.chunk_delay = *ask.directive.delay;
  if (context.fault && context.fault->kind == FaultKind::error) {
    auto about = context.error_context();
    about.model = model.id;
    const auto& arguments = context.fault->arguments;
    return *error_named(context.fault->name, arguments.empty() ? "" : arguments[0], about);
  }
  Answer answer = compose(ask, context.fault);
  return Said{std::move(ask), std::move(answer)};
}

Reply answer_models(Context& context) {
  const auto& target = context.target;
  const auto& verb = context.request.method;
  if (target.segments.size() > 2 && target.segments[2] == "operations")
    return answer_model_operations(context);
  if (verb == "GET" && target.method.empty()) {
    if (target.segments.size() == 1) return list(context);
    const Model* model = target.segments.size() == 2 ? model_named(target.segments[1]) : nullptr;
    if (model) return json_reply(200, model_json(*model), context.compact());
    return refuse(context, plain_error(404, "NOT_FOUND",
                                       "Model is not found: models/" + target.model() +
                                           " for api version " + target.version));
  }
  if (verb != "POST" || target.segments.size() != 2) return refuse(context, no_such_page());
  const auto& method = target.method;
  const auto kind = kind_of(method);
  if (!kind) return refuse(context, no_such_page());
  if (!well_formed(target.segments[1])) {
    return refuse(context, invalid_argument(
                               "* GenerateContentRequest.model: unexpected model name format\n"));
  }
  const Model* model = model_named(target.segments[1]);
  if (!model || !can(*model, *kind)) {
    auto error = no_such_model(target.segments[1], target.version);
    auto message = error.body["error"]["message"].get<std::string>();
    message.replace(message.find("generateContent"), 15,
                    *kind == Kind::generates ? "generateContent"
                    : *kind == Kind::embeds  ? "embedContent"
                                             : method);
    error.body["error"]["message"] = message;
    return refuse(context, error);
  }
  if (method == "countTokens") return count(context);
  if (method == "predictLongRunning") return start_video(context, *model);
  if (method == "batchGenerateContent" || method == "asyncBatchEmbedContent")
    return create_batch(context, *model, *kind == Kind::embeds);
  if (*kind == Kind::embeds) return embed(context, *model, method == "batchEmbedContents");
  return generate(context, *model, method == "streamGenerateContent");
}

}  // namespace gembal::sandbox
