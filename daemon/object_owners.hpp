#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/store/key_store.hpp"

namespace gembal::daemon {

/// Which key made which object of the API: a file, a cache, a batch belongs to that key's project,
/// and no other key may use it. Thread-safe; what it knows comes from the store and goes there
/// through the writer.
class ObjectOwners {
 public:
  /// Takes over what is new or gone.
  void learn(const std::vector<store::ObjectOwner>& objects, TimePoint now);

  /// nullopt: unknown, or its time has passed.
  std::optional<store::ObjectOwner> find(const std::string& name, TimePoint now) const;

  /// Drops those whose time has passed.
  void forget_old(TimePoint now);

  std::size_t size() const;

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<std::string, store::ObjectOwner> by_name_;
};

/// The object that a path of the API is about, as its owner is remembered: "/files/x:download" ->
/// "files/x", "/fileSearchStores/x/documents/y" -> "fileSearchStores/x", "/models/m/operations/y"
/// -> "models/m/operations/y". "" for a collection, a model and everything else. Pure.
std::string object_of_path(std::string_view path);

/// The same on Google's OpenAI-compatible surface, where an id may have its collection before it:
/// "/openai/batches/x", "/openai/batches/batches/x" and "/openai/batches/batches%2Fx" ->
/// "batches/x".
std::string object_of_openai_path(std::string_view path);

/// Whether objects are made by posting to this path, so that the reply has a new one's name. Pure.
bool makes_object(std::string_view method, std::string_view path);

/// An object in a reply.
struct MadeObject {
  std::string name;
  TimePoint expires{};
  std::string target{};  ///< of an upload session: its URL upstream
};

/// The objects that a reply names as made, or as its own: a File, a CachedContent, an operation and
/// the files in its result, an interaction. `now`: where the reply does not say when one expires,
/// its kind's usual life is counted from here. Pure.
std::vector<MadeObject> objects_in_reply(std::string_view body, TimePoint now);

/// The same of a reply of the OpenAI-compatible surface: a file, a batch with the files of its
/// results, a video.
std::vector<MadeObject> objects_in_openai_reply(std::string_view body, TimePoint now);

/// The interaction that an event stream begins with; nullopt until its name has arrived. Pure.
std::optional<MadeObject> interaction_in_events(std::string_view events, TimePoint now);

}  // namespace gembal::daemon
