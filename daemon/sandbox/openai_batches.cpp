// Batches on the OpenAI-compatible surface: /v1beta/openai/batches. Their requests come from a file
// that was uploaded to the native Files API, one a line, and their answers go into another one.
#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/embeddings.hpp"
#include "daemon/sandbox/native.hpp"
#include "daemon/sandbox/openai_face.hpp"
#include "daemon/sandbox/stored.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

constexpr Milliseconds kWaits{1000};
constexpr Milliseconds kRuns{2000};
constexpr auto kLives = std::chrono::hours{48};

Reply shown(const Json& json) {
  auto reply = json_reply(200, json);
  reply.headers[0].second = "application/json";
  reply.events = {to_text(json)};
  return reply;
}

std::variant<Json, ApiError> complete(Context& context, const Json& chat) {
  const auto id = string_in(chat, "model");
  const Model* model = model_named(id);
  if (!model) return no_such_model(id, "v1main");
  auto body = to_generate_body(chat);
  if (auto* error = std::get_if<ApiError>(&body)) return *error;
  auto said = say(context, *model, std::move(std::get<Json>(body)));
  if (auto* error = std::get_if<ApiError>(&said)) return *error;
  return to_completion(context, std::get<Said>(said), id);
}

/// The line of the results for one of the requests.
Json answer_line(const Context& context, const Json& line, std::size_t index) {
  // Batches have limits of their own, which the sandbox does not count.
  Context alone = context;
  alone.charge = [](const std::string&, Cost) { return std::nullopt; };
  alone.fault.reset();
  alone.id = Dice(context.seed, context.id + std::to_string(index)).name(23);
  const Json* chat = find(line, "body");
  auto answer = complete(alone, chat ? *chat : Json::object());
  Json response = {{"status_code", 200}};
  if (const auto* error = std::get_if<ApiError>(&answer)) {
    response["status_code"] = error->status;
    response["body"] = error->body;
  } else {
    response["body"] = std::get<Json>(answer);
  }
  return {{"id", "batch_req_" + std::to_string(index)},
          {"custom_id", string_in(line, "custom_id")},
          {"response", std::move(response)},
          {"error", nullptr}};
}

Json batch_json(const Context& context, const std::string& name, const Json& asked,
                const char* status) {
  return {{"id", name},
          {"object", "batch"},
          {"endpoint", string_in(asked, "endpoint")},
          {"input_file_id", string_in(asked, "input_file_id")},
          {"completion_window", string_in(asked, "completion_window")},
          {"status", status},
          {"created_at", to_unix_seconds(context.now)}};
}

Reply create(Context& context) {
  const auto asked = parse_json(context.request.body);
  if (!asked || !asked->is_object())
    return refuse(context, invalid_argument("Request contains an invalid argument."));
  if (string_in(*asked, "endpoint") != "/v1/chat/completions")
    return refuse(context, invalid_argument("endpoint must be /v1/chat/completions."));
  const std::string file(string_in(*asked, "input_file_id"));
  std::optional<std::string> lines;
  context.with_objects([&](Objects& objects) {
    if (const auto* object = objects.get(file, context.project, context.now)) lines = object->bytes;
  });
  if (!lines)
    return refuse(context, no_access_to_file(file.substr(std::min<std::size_t>(6, file.size()))));

  std::string results;
  std::size_t count = 0;
  for (const auto line : split(*lines, '\n')) {
    const auto json = parse_json(line);
    if (json) results += to_text(answer_line(context, *json, count++)) + "\n";
  }
  const std::string id = Dice(context.seed, "batch" + context.id).name(36);
  const std::string name = "batches/" + id;
  const auto runs = context.now + kWaits;
  const auto ended = runs + kRuns;
  keep_generated_file(context, "files/batch-" + id, "application/jsonl", std::move(results), ended);
  Json done = batch_json(context, name, *asked, "completed");
  done["completed_at"] = to_unix_seconds(ended);
  done["output_file_id"] = "files/batch-" + id;
  done["request_counts"] = {{"total", count}, {"completed", count}, {"failed", 0}};
  Objects::Object object;
  object.project = context.project;
  object.json = batch_json(context, name, *asked, "validating");
  object.expires = context.now + kLives;
  object.to_come = {{runs, batch_json(context, name, *asked, "in_progress")},
                    {ended, std::move(done)}};
  auto reply = shown(object.json);
  context.with_objects([&](Objects& objects) { objects.put("openai-" + name, std::move(object)); });
  return reply;
}

Reply list(Context& context) {
  Json data = Json::array();
  context.with_objects([&](Objects& objects) {
    Json page = objects.list("openai-batches", "data", context.project, 100, "", context.now);
    if (page.contains("data")) data = page["data"];
  });
  return shown({{"object", "list"}, {"data", std::move(data)}, {"has_more", false}});
}

}  // namespace

Reply answer_openai_batches(Context& context) {
  const auto& segments = context.target.segments;  // "openai", "batches", maybe "batches", id
  const auto& verb = context.request.method;
  if (segments.size() == 2) {
    if (verb == "POST") return create(context);
    if (verb == "GET") return list(context);
    return refuse(context, no_such_page());
  }
  std::size_t at = 2;
  if (segments[at] == "batches" && segments.size() > 3) ++at;
  std::string id = segments[at];
  if (id.starts_with("batches/")) id.erase(0, 8);
  const std::string method = segments.size() > at + 1 ? segments[at + 1] : "";
  const bool cancels = verb == "POST" && method == "cancel";
  if (!cancels && (verb != "GET" || !method.empty())) return refuse(context, no_such_page());
  std::optional<Json> json;
  context.with_objects([&](Objects& objects) {
    auto* object = objects.get("openai-batches/" + id, context.project, context.now);
    if (!object) return;
    if (cancels && !object->to_come.empty()) {
      object->to_come.clear();
      object->json["status"] = "cancelled";
    }
    json = object->json;
  });
  return json ? shown(*json) : refuse(context, no_such_entity());
}

}  // namespace gembal::sandbox
