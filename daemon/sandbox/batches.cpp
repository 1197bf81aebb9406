// Batches of generateContent and embedContent requests. The answers are composed at once and shown
// later: a batch waits, runs and is done by the clock alone.
#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/embeddings.hpp"
#include "daemon/sandbox/fields.hpp"
#include "daemon/sandbox/native.hpp"
#include "daemon/sandbox/stored.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

constexpr Milliseconds kWaits{1000};
constexpr Milliseconds kRuns{2000};
constexpr auto kLives = std::chrono::hours{48};

constexpr const char* kTypes = "type.googleapis.com/google.ai.generativelanguage.v1main.";

/// One request of a batch and what it is answered with.
struct Entry {
  Json request;
  std::optional<ApiError> unreadable;  ///< instead of `request`
  Json label;                          ///< its "metadata" (inline) or "key" (in a file); or null
};

/// Where the requests of a batch come from.
struct Input {
  std::vector<Entry> entries;
  std::string file;  ///< "files/x"; empty: they came in the body
};

/// A google.rpc.Status, which has numbers where a reply has names.
Json status_of(const ApiError& error) {
  const Json* found = find(error.body, "error");
  if (!found) return {{"code", 13}, {"message", "Internal error encountered."}};  // a page
  const Json& body = *found;
  const auto name = string_in(body, "status");
  const int code = name == "INVALID_ARGUMENT"     ? 3
                   : name == "NOT_FOUND"          ? 5
                   : name == "PERMISSION_DENIED"  ? 7
                   : name == "RESOURCE_EXHAUSTED" ? 8
                   : name == "UNAVAILABLE"        ? 14
                                                  : 13;
  return {{"code", code}, {"message", body["message"]}};
}

std::vector<Entry> lines_of(std::string_view text, bool embeds) {
  std::vector<Entry> entries;
  for (const auto line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    Entry entry;
    const auto json = parse_json(trim(line));
    const Json* request = json ? find(*json, "request") : nullptr;
    if (json && find(*json, "key")) entry.label = *find(*json, "key");
    auto body = read_body(request ? to_text(*request) : "?",
                          embeds ? "EmbedContentRequest" : "GenerateContentRequest");
    entry.request = std::move(body.value);
    entry.unreadable = std::move(body.error);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::variant<Input, ApiError> input_of(Context& context, const Json& batch, bool embeds) {
  Input input;
  const Json* config = find(batch, "inputConfig");
  const auto file = config ? string_in(*config, "fileName") : std::string_view();
  if (!file.empty()) {
    input.file = file;
    std::optional<std::string> bytes;
    context.with_objects([&](Objects& objects) {
      if (const auto* object = objects.get(input.file, context.project, context.now))
        bytes = object->bytes;
    });
    if (!bytes) return no_access_to_file(input.file.substr(std::min<std::size_t>(6, file.size())));
    input.entries = lines_of(*bytes, embeds);
    return input;
  }
  const Json* inlined = config ? find(*config, "requests") : nullptr;
  const Json* requests = inlined ? find(*inlined, "requests") : nullptr;
  for (const auto& given : requests ? *requests : Json::array()) {
    const Json* request = find(given, "request");
    const Json* metadata = find(given, "metadata");
    input.entries.push_back(
        {request ? *request : Json::object(), std::nullopt, metadata ? *metadata : Json()});
  }
  return input;
}

/// {"response":{...}} or {"error":{...}}, with what tells it from the others.
Json answer_entry(Context& context, const Model& model, const Entry& entry, std::size_t index,
                  const Input& input) {
  const auto outcome = [&]() -> std::variant<Json, ApiError> {
    if (entry.unreadable) return *entry.unreadable;
    // Batches have limits of their own, which the sandbox does not count.
    Context alone = context;
    alone.charge = [](const std::string&, Cost) { return std::nullopt; };
    alone.fault.reset();
    alone.id = Dice(context.seed, context.id + std::to_string(index)).name(23);
    if (model.kind == ModelKind::embedding) {
      auto result = embed_one(model, entry.request, context.seed);
      if (auto* error = std::get_if<ApiError>(&result)) return *error;
      return std::move(std::get<EmbedResult>(result).body);
    }
    auto said = say(alone, model, entry.request);
    if (auto* error = std::get_if<ApiError>(&said)) return *error;
    return to_response(std::get<Said>(said).ask, std::get<Said>(said).answer);
  }();
  Json answer = Json::object();
  if (const auto* error = std::get_if<ApiError>(&outcome)) {
    answer["error"] = status_of(*error);
  } else {
    answer["response"] = std::get<Json>(outcome);
  }
  if (!entry.label.is_null()) answer[input.file.empty() ? "metadata" : "key"] = entry.label;
  return answer;
}

/// The operation of a batch at one moment of its life.
struct Look {
  std::string name;
  std::string type;  ///< "GenerateContentBatch"
  const Model& model;
  std::string display_name;
  std::string input_file;
  TimePoint created{};
  std::size_t requests = 0;
};

/// Before the end: `output` is null then.
Json look_of(const Look& look, const char* state, TimePoint updated, const Json& output = {},
             std::size_t failures = 0) {
  const bool done = !output.is_null();
  Json metadata = {{"@type", kTypes + look.type},
                   {"model", std::string("models/") + look.model.id},
                   {"displayName", look.display_name}};
  if (!look.input_file.empty()) metadata["inputConfig"] = {{"fileName", look.input_file}};
  if (done) metadata["output"] = output;
  metadata["createTime"] = timestamp(look.created);
  if (done) metadata["endTime"] = timestamp(updated);
  metadata["updateTime"] = timestamp(updated);
  Json stats = {{"requestCount", std::to_string(look.requests)}};
  if (!done) stats["pendingRequestCount"] = std::to_string(look.requests);
  if (done && look.requests > failures)
    stats["successfulRequestCount"] = std::to_string(look.requests - failures);
  if (failures > 0) stats["failedRequestCount"] = std::to_string(failures);
  metadata["batchStats"] = std::move(stats);
  metadata["state"] = state;
  metadata["name"] = look.name;
  Json operation = {{"name", look.name}, {"metadata", std::move(metadata)}};
  if (!done) return operation;
  operation["done"] = true;
  operation["response"] = {{"@type", kTypes + look.type + "Output"}};
  operation["response"].update(output);
  return operation;
}

/// {"inlinedResponses":{...}}, or {"responsesFile":"files/batch-x"} for requests from a file.
Json output_of(Context& context, const Look& look, const Json& answers, TimePoint ended) {
  if (look.input_file.empty()) return {{"inlinedResponses", {{"inlinedResponses", answers}}}};
  std::string lines;
  for (const auto& answer : answers) lines += to_text(answer) + "\n";
  const std::string file = "files/batch-" + look.name.substr(look.name.find('/') + 1);
  keep_generated_file(context, file, "application/jsonl", std::move(lines), ended);
  return {{"responsesFile", file}};
}

Reply cancel(Context& context, const std::string& name) {
  bool found = false;
  context.with_objects([&](Objects& objects) {
    auto* object = objects.get(name, context.project, context.now);
    if (!object) return;
    found = true;
    if (object->to_come.empty()) return;  // done already: nothing is left to cancel
    object->to_come.clear();
    Json& metadata = object->json["metadata"];
    metadata["state"] = "BATCH_STATE_CANCELLED";
    metadata["updateTime"] = timestamp(context.now);
    metadata["endTime"] = timestamp(context.now);
    object->json["done"] = true;
    object->json["error"] = {{"code", 1}, {"message", "The batch was cancelled."}};
  });
  if (!found) return refuse(context, no_such_entity());
  return json_reply(200, Json::object(), context.compact());
}

}  // namespace

Reply create_batch(Context& context, const Model& model, bool embeds) {
  const char* request = embeds ? "AsyncBatchEmbedContentRequest" : "BatchGenerateContentRequest";
  auto body = read_body(context.request.body, request);
  if (body.error) return refuse(context, *body.error);
  const Json* batch = find(body.value, "batch");
  auto read = input_of(context, batch ? *batch : Json::object(), embeds);
  if (auto* error = std::get_if<ApiError>(&read)) return refuse(context, *error);
  const auto& input = std::get<Input>(read);
  if (input.entries.empty()) {
    return refuse(context, invalid_argument(std::string("* ") + request +
                                            ".batch.input_config: no requests are given\n"));
  }

  const Look look{"batches/" + Dice(context.seed, "batch" + context.id).name(36),
                  embeds ? "EmbedContentBatch" : "GenerateContentBatch",
                  model,
                  std::string(string_in(*batch, "displayName")),
                  input.file,
                  context.now,
                  input.entries.size()};
  const auto runs = context.now + kWaits;
  const auto ended = runs + kRuns;
  Json answers = Json::array();
  std::size_t failures = 0;
  for (std::size_t i = 0; i < input.entries.size(); ++i) {
    answers.push_back(answer_entry(context, model, input.entries[i], i, input));
    if (find(answers.back(), "error")) ++failures;
  }
  Objects::Object object;
  object.project = context.project;
  object.json = look_of(look, "BATCH_STATE_PENDING", context.now);
  object.expires = context.now + kLives;
  const Json output = output_of(context, look, answers, ended);
  object.to_come = {{runs, look_of(look, "BATCH_STATE_RUNNING", runs)},
                    {ended, look_of(look, "BATCH_STATE_SUCCEEDED", ended, output, failures)}};
  auto reply = json_reply(200, object.json, context.compact());
  context.with_objects([&](Objects& objects) { objects.put(look.name, std::move(object)); });
  return reply;
}

Reply answer_batches(Context& context) {
  const auto& target = context.target;
  const auto& verb = context.request.method;
  if (target.segments.size() == 1 && target.method.empty() && verb == "GET")
    return list_objects(context, "batches", "operations");
  if (target.segments.size() != 2) return refuse(context, no_such_page());
  const std::string name = "batches/" + target.segments[1];
  if (target.method == "cancel" && verb == "POST") return cancel(context, name);
  if (!target.method.empty() || (verb != "GET" && verb != "DELETE"))
    return refuse(context, no_such_page());
  return get_or_remove(context, name, no_such_entity());
}

}  // namespace gembal::sandbox
