// Videos: predictLongRunning starts an operation, which names a file to download once it is done.
#include "daemon/sandbox/ask.hpp"
#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/fields.hpp"
#include "daemon/sandbox/stored.hpp"

namespace gembal::sandbox {
namespace {

constexpr Milliseconds kTakes{3000};
constexpr auto kLives = std::chrono::hours{48};

/// The beginning of an MP4 file, then bytes that differ from video to video: no film, but what
/// tells files apart.
std::string video_bytes(Dice& dice) {
  const std::string_view type(
      "\0\0\0\x20"
      "ftypisom\0\0\x02\0isomiso2avc1mp41",
      32);
  const std::string_view data("\0\0\0\x48mdat", 8);
  return std::string(type) + std::string(data) + dice.bytes(64);
}

std::string prompt_of(const Json& instances) {
  if (instances.is_array() && !instances.empty())
    return std::string(string_in(instances[0], "prompt"));
  return "";
}

}  // namespace

Reply start_video(Context& context, const Model& model) {
  const auto body = read_body(context.request.body, "PredictLongRunningRequest");
  if (body.error) return refuse(context, *body.error);
  const Json* instances = find(body.value, "instances");
  const std::string prompt = instances ? prompt_of(*instances) : "";
  if (prompt.empty()) {
    return refuse(context,
                  invalid_argument("* PredictLongRunningRequest.instances: no prompt is given\n"));
  }
  const Json* parameters = find(body.value, "parameters");
  const auto count = parameters ? integer_in(*parameters, "sampleCount").value_or(1) : 1;
  if (count < 1 || count > 4)
    return refuse(context, invalid_argument("sampleCount must be between 1 and 4, inclusive."));
  if (const auto error = context.charge(model.id, {1, count_tokens(prompt), false}))
    return refuse(context, *error);

  Dice dice(context.seed, "operation" + context.id);
  const std::string name = std::string("models/") + model.id + "/operations/" + dice.name(12);
  const auto ended = context.now + kTakes;
  Json samples = Json::array();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string file = "files/" + dice.name(12);
    keep_generated_file(context, file, "video/mp4", video_bytes(dice), ended);
    samples.push_back(
        {{"video", {{"uri", base_url(context) + "/v1beta/" + file + ":download?alt=media"}}}});
  }
  Objects::Object operation;
  operation.project = context.project;
  operation.json = {{"name", name}};
  operation.expires = context.now + kLives;
  operation.to_come = {
      {ended,
       {{"name", name},
        {"done", true},
        {"response",
         {{"@type",
           "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"},
          {"generateVideoResponse", {{"generatedSamples", std::move(samples)}}}}}}}};
  auto reply = json_reply(200, operation.json, context.compact());
  context.with_objects([&](Objects& objects) { objects.put(name, std::move(operation)); });
  return reply;
}

Reply answer_model_operations(Context& context) {
  const auto& segments = context.target.segments;
  if (context.request.method != "GET" || segments.size() != 4 || !context.target.method.empty())
    return refuse(context, no_such_page());
  return get_or_remove(context, "models/" + segments[1] + "/operations/" + segments[3],
                       no_such_entity());
}

}  // namespace gembal::sandbox
