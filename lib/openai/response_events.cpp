#include "lib/openai/response_events.hpp"

#include <utility>

namespace gembal::openai {

void ResponseEvents::add(std::string_view type, std::string_view members) {
  if (!is_told_) return;
  out_.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type);
  out_.append("\",\"sequence_number\":").append(std::to_string(next_number_++));
  if (!members.empty()) out_.append(",").append(members);
  out_.append("}\n\n");
}

void ResponseEvents::add_object(std::string_view type, const Json& members) {
  if (!is_told_) return;
  const auto text = to_text(members);
  add(type, std::string_view(text).substr(1, text.size() - 2));
}

std::string ResponseEvents::take() { return std::exchange(out_, {}); }

}  // namespace gembal::openai
