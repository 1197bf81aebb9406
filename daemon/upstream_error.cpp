#include "daemon/upstream_error.hpp"

#include <algorithm>

#include "lib/gemini/error_reply.hpp"
#include "lib/openai/error.hpp"
#include "lib/upstream/retry_plan.hpp"

namespace gembal::daemon {

using keypool::Outcome;

int client_status(int upstream_status, Outcome outcome) {
  if (upstream::blames_key(outcome)) return upstream_status == 429 ? 429 : 503;
  switch (outcome) {
    case Outcome::exit_blocked:
    case Outcome::proxy_fault: return 502;
    case Outcome::wrong_object: return 404;
    default: break;
  }
  if (upstream_status == 499) return 504;
  // Whose credentials these were, an SDK cannot know.
  if (upstream_status < 400 || upstream_status == 401 || upstream_status == 403) return 502;
  return upstream_status;
}

Response upstream_error(Dialect dialect, const upstream::Answer& answer, std::string_view body) {
  const auto& verdict = answer.verdict();
  const int status = client_status(answer.status(), verdict.outcome);
  auto message = gemini::message_of(body);
  Response response = error_response(dialect, status, message);
  if (dialect == Dialect::openai && verdict.outcome == Outcome::wrong_object)
    response.body = openai::error_body(status, message, "not_found");
  if (status == 429) {
    using std::chrono::seconds;
    const auto delay = std::chrono::ceil<seconds>(verdict.delay.value_or(seconds{5}));
    response.headers.emplace_back("retry-after",
                                  std::to_string(std::max<std::int64_t>(delay.count(), 1)));
  }
  return response;
}

}  // namespace gembal::daemon
