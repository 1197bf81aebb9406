#include "daemon/sandbox/scenario.hpp"

#include <algorithm>

#include "daemon/sandbox/models.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

Error wrong(const std::string& where, const std::string& what) {
  return {ErrorKind::config, "scenario: '" + where + "' " + what, ""};
}

/// Refuses members that no one would read: a misspelt rule must not pass for no rule.
Result<void> only(const Json& object, const std::string& where,
                  const std::vector<std::string>& names) {
  if (!object.is_object()) return wrong(where, "must be an object");
  for (const auto& [name, value] : object.items()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const auto near = nearest(name, names);
    return Error{ErrorKind::config, "scenario: unknown member '" + name + "' in '" + where + "'",
                 near ? "did you mean '" + *near + "'?" : "known are " + join(names, ", ")};
  }
  return {};
}

Result<std::optional<std::int64_t>> count_in(const Json& object, const char* name,
                                             const std::string& where) {
  const Json* value = find(object, name);
  if (!value) return std::optional<std::int64_t>{};
  const auto number = integer_in(object, name);
  if (!number || *number < 0 || *number > 1'000'000'000)
    return wrong(where + "." + name, "must be a number from 0 on");
  return number;
}

Result<std::optional<Milliseconds>> duration_in(const Json& object, const char* name,
                                                const std::string& where = "") {
  if (!find(object, name)) return std::optional<Milliseconds>{};
  const auto duration = parse_duration(string_in(object, name));
  const std::string here = where.empty() ? name : where + "." + name;
  if (!duration) return wrong(here, "must be a duration such as \"20ms\"");
  return duration;
}

Result<std::string> text_in(const Json& object, const char* name, const std::string& where) {
  const Json* value = find(object, name);
  if (!value) return std::string();
  if (!value->is_string()) return wrong(where + "." + name, "must be a string");
  return value->get<std::string>();
}

Result<std::optional<Fault>> fault_in(const Json& object, const std::string& where) {
  const auto text = text_in(object, "fault", where);
  if (!text) return text.error();
  if (text->empty() || *text == "none") return std::optional<Fault>{};
  auto fault = parse_fault(*text);
  if (!fault) return std::move(fault).error().in("scenario: " + where);
  return std::optional<Fault>{*std::move(fault)};
}

Result<Quota> quota_in(const Json& object, const std::string& where) {
  Quota quota;
  const Json* json = find(object, "quota");
  if (!json) return quota;
  const std::string here = where.empty() ? "quota" : where + ".quota";
  if (const auto known = only(*json, here, {"rpm", "rpd", "tpm"}); !known) return known.error();
  const auto rpm = count_in(*json, "rpm", here);
  const auto rpd = count_in(*json, "rpd", here);
  const auto tpm = count_in(*json, "tpm", here);
  for (const auto* count : {&rpm, &rpd, &tpm}) {
    if (!*count) return count->error();
  }
  if (*rpm) quota.per_minute = static_cast<int>(**rpm);
  if (*rpd) quota.per_day = static_cast<int>(**rpd);
  if (*tpm) quota.tokens_per_minute = **tpm;
  return quota;
}

Result<KnownKey> key_in(const Json& json, const std::string& where) {
  KnownKey known;
  if (json.is_string()) {
    known.key = json.get<std::string>();
    return known;
  }
  if (const auto members = only(json, where, {"key", "project", "quota", "fault"}); !members)
    return members.error();
  auto key = text_in(json, "key", where);
  auto project = text_in(json, "project", where);
  auto quota = quota_in(json, where);
  auto fault = fault_in(json, where);
  if (!key) return key.error();
  if (key->empty()) return wrong(where + ".key", "is missing");
  if (!project) return project.error();
  if (!quota) return quota.error();
  if (!fault) return fault.error();
  return KnownKey{*std::move(key), *std::move(project), *quota, *std::move(fault)};
}

Result<Rule> rule_in(const Json& json, const std::string& where) {
  if (const auto members =
          only(json, where, {"key", "model", "path", "after", "for", "skip", "first", "fault"});
      !members) {
    return members.error();
  }
  Rule rule;
  for (const auto& [name, target] :
       {std::pair{"key", &rule.key}, {"model", &rule.model}, {"path", &rule.path}}) {
    auto text = text_in(json, name, where);
    if (!text) return text.error();
    *target = *std::move(text);
  }
  const auto after = duration_in(json, "after", where);
  const auto lasts = duration_in(json, "for", where);
  if (!after) return after.error();
  if (!lasts) return lasts.error();
  rule.after = after->value_or(Milliseconds{0});
  rule.lasts = *lasts;
  const auto skip = count_in(json, "skip", where);
  const auto first = count_in(json, "first", where);
  if (!skip) return skip.error();
  if (!first) return first.error();
  rule.skip = static_cast<int>(skip->value_or(0));
  if (*first) rule.first = static_cast<int>(**first);
  auto fault = fault_in(json, where);
  if (!fault) return fault.error();
  rule.fault = *std::move(fault);
  return rule;
}

Result<std::map<std::string, Quota>> models_in(const Json& json) {
  std::map<std::string, Quota> models;
  const Json* given = find(json, "models");
  if (!given) return models;
  if (!given->is_object()) return wrong("models", "must be an object");
  for (const auto& [id, model] : given->items()) {
    const std::string where = "models." + id;
    if (!model_named(id)) return wrong(where, "is no model of the sandbox");
    if (const auto members = only(model, where, {"quota"}); !members) return members.error();
    const auto quota = quota_in(model, where);
    if (!quota) return quota.error();
    models[model_named(id)->id] = *quota;
  }
  return models;
}

Result<const Json*> list_in(const Json& json, const char* name) {
  static const Json none = Json::array();
  const Json* list = find(json, name);
  if (!list) return &none;
  if (!list->is_array()) return wrong(name, "must be a list");
  return list;
}

}  // namespace

Result<Scenario> parse_scenario(const Json& json) {
  if (const auto known = only(
          json, "scenario", {"seed", "chunk_delay", "latency", "keys", "quota", "models", "rules"});
      !known) {
    return known.error();
  }
  Scenario scenario;
  const auto seed = count_in(json, "seed", "scenario");
  if (!seed) return seed.error();
  if (*seed) scenario.seed = static_cast<std::uint64_t>(**seed);
  const auto chunk_delay = duration_in(json, "chunk_delay");
  const auto latency = duration_in(json, "latency");
  if (!chunk_delay) return chunk_delay.error();
  if (!latency) return latency.error();
  scenario.chunk_delay = *chunk_delay;
  scenario.latency = *latency;
  const auto quota = quota_in(json, "");
  if (!quota) return quota.error();
  scenario.quota = *quota;
  auto models = models_in(json);
  if (!models) return models.error();
  scenario.models = *std::move(models);

  const auto keys = list_in(json, "keys");
  if (!keys) return keys.error();
  for (const auto& entry : **keys) {
    auto key = key_in(entry, "keys[" + std::to_string(scenario.keys.size()) + "]");
    if (!key) return key.error();
    scenario.keys.push_back(*std::move(key));
  }
  const auto rules = list_in(json, "rules");
  if (!rules) return rules.error();
  for (const auto& entry : **rules) {
    auto rule = rule_in(entry, "rules[" + std::to_string(scenario.rules.size()) + "]");
    if (!rule) return rule.error();
    scenario.rules.push_back(*std::move(rule));
  }
  return scenario;
}

}  // namespace gembal::sandbox
