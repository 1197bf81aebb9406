#include "daemon/sandbox/api.hpp"

#include <mutex>

#include "daemon/sandbox/context.hpp"
#include "daemon/sandbox/dice.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

/// The credentials of a request, or what is wrong with them.
struct Credentials {
  std::string key;
  std::optional<ApiError> error;
};

std::string method_name(const Target& target) {
  if (target.method.empty()) return "";
  std::string name = target.method;
  if (name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 32);
  return name;
}

Credentials credentials_of(const Request& request, const Target& target) {
  std::vector<std::string> given;
  for (const auto& [name, value] : target.query) {
    if (name == "key" && !value.empty()) given.push_back(value);
  }
  if (const auto value = header(request, "x-goog-api-key"); !value.empty())
    given.emplace_back(value);
  std::string bearer;
  if (const auto value = header(request, "authorization"); !value.empty()) {
    bearer = iequals(value.substr(0, 7), "bearer ") ? std::string(trim(value.substr(7)))
                                                    : std::string(value);
  }
  ErrorContext context;
  context.version = target.version;
  context.method = method_name(target);
  if (given.size() + (bearer.empty() ? 0 : 1) > 1)
    return {"", error_named("two-credentials", "", context)};
  if (target.openai()) {
    if (!bearer.empty()) return {bearer, std::nullopt};
    return {"", invalid_argument("Missing or invalid Authorization header.")};
  }
  if (!bearer.empty()) return {"", error_named("bad401", "", context)};
  if (given.empty()) return {"", error_named("unregistered", "", context)};
  return {given[0], std::nullopt};
}

bool uses_a_model(const Request& request, const Target& target) {
  if (request.method != "POST" || target.upload) return false;
  const std::string first = target.segments.empty() ? "" : target.segments[0];
  return first == "openai" || first == "interactions" ||
         (!target.method.empty() && (first == "models" || first == "tunedModels"));
}

/// The OpenAI-compatible and Interactions addresses name their model in the body only.
std::string model_of(const Request& request, const Target& target) {
  if (auto model = target.model(); !model.empty()) return model;
  if (request.method != "POST" || target.upload) return "";
  const auto body = parse_json(request.body);
  if (!body) return "";
  std::string_view model = string_in(*body, "model");
  for (const std::string_view prefix : {"models/", "google/"}) {
    if (model.starts_with(prefix)) model.remove_prefix(prefix.size());
  }
  return std::string(model);
}

bool matches(const std::string& pattern, const std::string& whole) {
  return pattern.empty() || whole.find(pattern) != std::string::npos;
}

Quota merged(const Quota& first, const Quota& then) {
  Quota quota = first;
  if (!quota.per_minute) quota.per_minute = then.per_minute;
  if (!quota.per_day) quota.per_day = then.per_day;
  if (!quota.tokens_per_minute) quota.tokens_per_minute = then.tokens_per_minute;
  return quota;
}

Reply route(Context& context) {
  const auto& target = context.target;
  const std::string first = target.segments.empty() ? "" : target.segments[0];
  if (first == "openai") return answer_openai(context);
  if (first == "files") return answer_files(context);
  if (target.upload && first == "fileSearchStores") return answer_upload(context);
  if (target.upload || target.download) return refuse(context, no_such_page());
  if (first == "models") return answer_models(context);
  if (first == "cachedContents") return answer_caches(context);
  if (first == "interactions") return answer_interactions(context);
  if (first == "fileSearchStores") return answer_file_search(context);
  if (first == "batches") return answer_batches(context);
  return refuse(context, no_such_page());
}

}  // namespace

struct Api::State {
  explicit State(Options given) : options(std::move(given)) {
    const auto& scenario = options.scenario;
    if (scenario.seed) options.seed = *scenario.seed;
    if (scenario.chunk_delay) options.chunk_delay = *scenario.chunk_delay;
    if (scenario.latency) options.latency = *scenario.latency;
    started = options.started;
    seen_by_rule.resize(scenario.rules.size());
  }

  const KnownKey* known(const std::string& key) const {
    for (const auto& entry : options.scenario.keys) {
      if (entry.key == key) return &entry;
    }
    return nullptr;
  }

  /// The first rule that matches and applies now; counts the request for every rule that it
  /// matches.
  const Rule* rule_for(const std::string& key, const std::string& model, const std::string& path,
                       TimePoint now) {
    if (!started) started = now;
    const auto age = now - *started;
    const Rule* applies = nullptr;
    const auto& rules = options.scenario.rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto& rule = rules[i];
      if (!matches(rule.key, key) || !matches(rule.model, model) || !matches(rule.path, path))
        continue;
      if (age < rule.after || (rule.lasts && age >= rule.after + *rule.lasts)) continue;
      const int turn = seen_by_rule[i]++ - rule.skip;
      if (!applies && turn >= 0 && (!rule.first || turn < *rule.first)) applies = &rule;
    }
    return applies;
  }

  Options options;  // constant after construction

  std::mutex mutex;  // guards everything below; nothing that blocks is called while it is held
  std::optional<TimePoint> started;
  std::vector<int> seen_by_rule;
  QuotaBook quotas;
  Objects objects;
  std::uint64_t requests = 0;
};

ErrorContext Context::error_context() const {
  return {key, target.model(), method_name(target), target.version, now, project_number};
}

Reply refuse(const Context& context, const ApiError& error) {
  if (!error.html.empty()) {
    Reply page;
    page.status = error.status;
    page.headers = {{"content-type", "text/html; charset=UTF-8"}};
    page.events = {error.html};
    return page;
  }
  const bool streams = context.target.method == "streamGenerateContent";
  const bool in_array = context.target.openai() || (streams && !context.target.wants_sse());
  auto reply = json_reply(error.status, in_array ? Json::array({error.body}) : error.body,
                          context.compact());
  if (streams && context.target.wants_sse()) reply.headers[0].second = "text/event-stream";
  return reply;
}

Api::Api(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Api::~Api() = default;

Script Api::answer(const Request& request, TimePoint now) {
  State& state = *state_;
  const Options& options = state.options;
  const Target target = parse_target(request);
  Context context{request,      target,
                  "",           "",
                  "",           now,
                  options.seed, "",
                  std::nullopt, {options.latency, options.chunk_delay},
                  {},           {}};
  const auto finish = [&context](Reply reply) {
    return deliver(std::move(reply), context.fault, context.pace, context.error_context());
  };

  auto credentials = credentials_of(request, target);
  // The session's URL is its own credential.
  if (target.upload && !target.parameter("upload_id").empty()) credentials = {"", std::nullopt};
  context.key = credentials.key;
  const KnownKey* known = state.known(context.key);
  const bool grouped = known && !known->project.empty();
  context.project = grouped ? "project " + known->project : context.key;
  context.project_number = project_number(grouped ? known->project : "key " + context.key);

  // What goes wrong, the most particular first: the request's own wish, the scenario's rules, the
  // key.
  std::optional<Fault> of_key = known && known->fault ? known->fault : fault_in_key(context.key);
  const bool calls = uses_a_model(request, target);
  if (of_key && error_scope(of_key->name) != Scope::key && !calls) of_key.reset();
  {
    const std::lock_guard lock(state.mutex);
    const auto number = std::to_string(state.requests++);
    context.id = base64_encode(Dice(options.seed, "response" + number).bytes(17)).substr(0, 23);
    for (char& c : context.id) c = c == '+' ? '-' : c == '/' ? '_' : c;
    const Rule* rule = state.rule_for(context.key, model_of(request, target), request.path, now);
    context.fault = rule ? rule->fault : of_key;
  }
  if (const auto wish = header(request, "x-sandbox-fault"); !wish.empty()) {
    const auto fault = parse_fault(wish);
    if (!fault)
      return finish(refuse(context, invalid_argument("sandbox: " + fault.error().message + "\n")));
    context.fault = *fault;
  }

  if (target.version.empty()) return finish(refuse(context, no_such_page()));
  if (credentials.error) return finish(refuse(context, *credentials.error));
  if (!options.scenario.keys.empty() && !known && !context.key.empty()) {
    return finish(refuse(context, *error_named("invalid", "", context.error_context())));
  }
  if (context.fault && context.fault->kind == FaultKind::error) {
    auto about = context.error_context();
    if (about.model.empty()) about.model = model_of(request, target);
    const std::string argument =
        context.fault->arguments.empty() ? "" : context.fault->arguments[0];
    return finish(refuse(context, *error_named(context.fault->name, argument, about)));
  }

  context.charge = [&state, &context, known](const std::string& model, Cost cost) {
    Quota quota = quota_in_key(context.key);
    if (known) quota = merged(known->quota, quota);
    const auto& scenario = state.options.scenario;
    quota = merged(quota, scenario.quota);
    if (const auto of_model = scenario.models.find(model); of_model != scenario.models.end())
      quota = merged(of_model->second, quota);
    const std::lock_guard lock(state.mutex);
    return state.quotas.charge(context.project, model, quota, cost, context.now);
  };
  context.with_objects = [&state](const std::function<void(Objects&)>& work) {
    const std::lock_guard lock(state.mutex);
    work(state.objects);
  };
  return finish(route(context));
}

}  // namespace gembal::sandbox
