// The Interactions API as far as clients probe it: one text answer per interaction, kept with its
// project.
#include "daemon/sandbox/context.hpp"
#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/fields.hpp"
#include "daemon/sandbox/native.hpp"
#include "lib/core/base64.hpp"

namespace gembal::sandbox {
namespace {

Reply ok(const Json& json) {
  auto reply = json_reply(200, json);
  reply.headers[0].second = "application/json";
  reply.events = {to_text(json)};
  return reply;
}

/// The text of `input`: a string, a list of contents, or a list of steps that have content.
std::string text_of(const Json& input) {
  if (input.is_string()) return input.get<std::string>();
  std::string text;
  if (input.is_array()) {
    for (const auto& entry : input) text += text_of(entry);
  } else if (input.is_object()) {
    text += string_in(input, "text");
    if (const Json* content = find(input, "content")) text += text_of(*content);
  }
  return text;
}

Json to_generate_body(const Json& interaction, const std::string& prompt) {
  Json body = {{"contents",
                Json::array({{{"role", "user"}, {"parts", Json::array({{{"text", prompt}}})}}})}};
  const auto system = string_in(interaction, "system_instruction");
  if (!system.empty()) body["systemInstruction"] = {{"parts", Json::array({{{"text", system}}})}};
  if (const Json* given = find(interaction, "generation_config")) {
    Json config = Json::object();
    if (const Json* value = find(*given, "temperature"); value && value->is_number())
      config["temperature"] = *value;
    if (const auto most = integer_in(*given, "max_output_tokens"))
      config["maxOutputTokens"] = *most;
    if (!config.empty()) body["generationConfig"] = std::move(config);
  }
  return body;
}

Json usage_of(const Said& said) {
  const auto prompt = said.ask.tokens.total();
  const auto& last = said.answer.events.back();
  return {{"total_tokens", prompt + last.candidate_tokens + last.thought_tokens},
          {"total_input_tokens", prompt},
          {"input_tokens_by_modality", Json::array({{{"modality", "text"}, {"tokens", prompt}}})},
          {"total_cached_tokens", 0},
          {"total_output_tokens", last.candidate_tokens},
          {"total_tool_use_tokens", 0},
          {"total_thought_tokens", last.thought_tokens}};
}

Json steps_of(const Said& said, const std::string& text) {
  Json steps = Json::array();
  if (said.answer.events.back().thought_tokens > 0) {
    steps.push_back({{"signature", make_signature(said.ask.seed, "step" + said.ask.response_id)},
                     {"type", "thought"}});
  }
  steps.push_back(
      {{"content", Json::array({{{"text", text}, {"type", "text"}}})}, {"type", "model_output"}});
  return steps;
}

Reply stream(const Said& said, const Json& interaction) {
  Reply reply = stream_reply(Framing::sse_lf, {});
  const auto send = [&reply](const std::string& name, Json data) {
    Json json = {{"event_type", name}};
    json.update(data);
    reply.events.push_back("event: " + name + "\ndata: " + to_text(json) + "\n\n");
  };
  Json started = {{"id", interaction["id"]},
                  {"status", "in_progress"},
                  {"object", "interaction"},
                  {"model", interaction["model"]}};
  send("interaction.created", {{"interaction", started}});
  send("interaction.status_update",
       {{"interaction_id", interaction["id"]}, {"status", "in_progress"}});
  send("step.start", {{"index", 0}, {"step", {{"type", "model_output"}}}});
  for (const auto& event : said.answer.events) {
    for (const auto& part : event.parts) {
      const auto text = string_in(part, "text");
      if (!text.empty())
        send("step.delta", {{"index", 0}, {"delta", {{"text", text}, {"type", "text"}}}});
    }
  }
  send("step.stop", {{"index", 0}});
  send("interaction.completed", {{"interaction", interaction}});
  reply.events.emplace_back("event: done\ndata: [DONE]\n\n");
  return reply;
}

ApiError missing(const std::string& id) {
  return plain_error(404, "NOT_FOUND", "Interaction not found: " + id);
}

void keep(Context& context, const Json& json) {
  const std::string name = "interactions/" + json["id"].get<std::string>();
  context.with_objects([&](Objects& objects) {
    objects.put(name,
                {context.project, json, Json(), "", context.now + std::chrono::hours{24 * 55}});
  });
}

Reply create(Context& context) {
  auto parsed = parse_json(context.request.body);
  if (!parsed || !parsed->is_object()) {
    return refuse(context,
                  *read_body(parsed ? "[]" : context.request.body, "GenerateContentRequest").error);
  }
  const Json& given = *parsed;
  const Json* input = find(given, "input");
  const std::string prompt = input ? text_of(*input) : "";
  if (prompt.empty()) return refuse(context, invalid_argument("input is required."));
  if (const auto previous = string_in(given, "previous_interaction_id"); !previous.empty()) {
    bool found = false;
    context.with_objects([&](Objects& objects) {
      found = objects.get("interactions/" + std::string(previous), context.project, context.now) !=
              nullptr;
    });
    if (!found) return refuse(context, missing(std::string(previous)));
  }
  const auto agent = string_in(given, "agent");
  const auto named =
      agent.empty() ? string_in(given, "model") : std::string_view("gemini-pro-latest");
  const Model* model = model_named(named);
  if (!model || model->kind != ModelKind::text)
    return refuse(context, no_such_model(named, context.target.version));
  auto said = say(context, *model, to_generate_body(given, prompt));
  if (auto* error = std::get_if<ApiError>(&said)) return refuse(context, *error);
  const auto& good = std::get<Said>(said);

  std::string text;
  for (const auto& part : joined_parts(good.answer)) text += string_in(part, "text");
  Json json = {{"id", "v1_" + base64_encode(context.id)},
               {"status", good.answer.finish == "STOP" ? "completed" : "incomplete"},
               {"usage", usage_of(good)},
               {"created", to_iso8601(context.now)},
               {"updated", to_iso8601(context.now)},
               {"service_tier", "standard"},
               {"steps", steps_of(good, text)},
               {"object", "interaction"}};
  json[agent.empty() ? "model" : "agent"] = agent.empty() ? named : agent;
  if (bool_in(given, "store").value_or(true)) keep(context, json);
  if (bool_in(given, "background").value_or(false)) {
    for (const char* later : {"usage", "service_tier", "steps"}) json.erase(later);
    json["status"] = "in_progress";
    return ok(json);
  }
  if (!agent.empty())
    return refuse(context,
                  invalid_argument("Agents run in the background only: set background to true."));
  return bool_in(given, "stream").value_or(false) ? stream(good, json) : ok(json);
}

}  // namespace

Reply answer_interactions(Context& context) {
  const auto& segments = context.target.segments;
  const auto& verb = context.request.method;
  if (segments.size() == 1 && verb == "POST") return create(context);
  if (segments.size() < 2 || segments.size() > 3) return refuse(context, no_such_page());
  const bool cancels = segments.size() == 3 && segments[2] == "cancel" && verb == "POST";
  if (!cancels && (segments.size() == 3 || (verb != "GET" && verb != "DELETE")))
    return refuse(context, no_such_page());
  const std::string name = "interactions/" + segments[1];
  std::optional<Json> json;
  context.with_objects([&](Objects& objects) {
    auto* object = objects.get(name, context.project, context.now);
    if (!object) return;
    if (cancels) object->json["status"] = "cancelled";
    json = verb == "DELETE" ? Json::object() : object->json;
    if (verb == "DELETE") objects.remove(name, context.project, context.now);
  });
  return json ? ok(*json) : refuse(context, missing(segments[1]));
}

}  // namespace gembal::sandbox
