#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// A response as it is kept for later requests.
struct KeptResponse {
  std::string owner;       ///< names the client that it belongs to
  Json response;           ///< as its client sees it, but for the output
  Json input;              ///< its items, each with an id
  Json output;             ///< its items, with what clients do not see
  std::int64_t alive = 0;  ///< of one in progress: until when its work is known to go on, in
                           ///< seconds since 1970

  std::string_view status() const { return string_in(response, "status"); }
  std::string_view previous() const { return string_in(response, "previous_response_id"); }
};

std::string write_kept_response(const KeptResponse& kept);

/// nullopt for what is none.
std::optional<KeptResponse> read_kept_response(std::string_view text);

/// The response as its client sees it.
Json shown(const KeptResponse& kept);

/// An item by its id; null when there is none.
const Json* item_in(const KeptResponse& kept, std::string_view id);

/// Which items of a list are asked for.
struct ItemPage {
  std::size_t limit = 20;
  bool ascending = false;
  std::string after;  ///< the id of the last item that was seen; "" for none
};

/// A page of a response's input items, as OpenAI lists it.
Json list_input(const KeptResponse& kept, const ItemPage& page);

}  // namespace gembal::openai
