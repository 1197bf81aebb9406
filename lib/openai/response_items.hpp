#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// The member in which an item that is kept carries the thought signature of what it was made of.
/// Clients never see it.
inline constexpr const char* kSignatureMember = "signature";

/// Where an item of a response stands.
struct ItemPlace {
  std::string response_id;
  bool is_input = false;  ///< of its input, else of its output
  std::size_t number = 0;
};

/// The id of an item: it says where the item stands, so that a reference to it can be followed.
/// `prefix`: of its kind, "msg".
std::string item_id(std::string_view prefix, const ItemPlace& place);

/// The way back; nullopt for an id that is none of ours.
std::optional<ItemPlace> place_of_item(std::string_view id);

/// A call's signature as the encrypted content of a reasoning item, which stateless clients send
/// back before the call.
struct SealedSignature {
  std::string call_id;
  std::string signature;
};
std::string seal(const SealedSignature& signature);

/// nullopt for what another service encrypted.
std::optional<SealedSignature> unseal(std::string_view encrypted);

/// An item of a request as it is kept and listed: with an id, its content as parts. `place`: where
/// it stands.
Json listed_item(Json item, const ItemPlace& place);

/// The item without what is ours alone.
Json public_item(Json item);

/// The items of a request's `input`: an array, or a text that a user says. Errors: bad_request.
Result<Json> items_of_input(Json input);

}  // namespace gembal::openai
