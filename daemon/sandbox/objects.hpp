#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/sandbox/errors.hpp"
#include "lib/core/digest.hpp"

namespace gembal::sandbox {

/// Bytes that were uploaded: the first MiB of them, and what is known of all. Uploads may be larger
/// than the memory that a sandbox should take.
class Received {
 public:
  void add(std::string_view bytes);

  const std::string& kept() const { return kept_; }
  std::uint64_t size() const { return size_; }
  std::string sha256_hex() const { return hash_.hex(); }

 private:
  std::string kept_;
  std::uint64_t size_ = 0;
  Sha256 hash_;
};

/// Things that live on the server, each belonging to the project that made it: "files/x",
/// "cachedContents/x", "models/m/operations/x". Another project is told that they do not exist, or
/// are not its own.
///
/// Not thread-safe.
class Objects {
 public:
  /// What an object looks like from a moment on.
  struct Stage {
    TimePoint from{};
    Json json;
  };
  struct Object {
    std::string project;
    Json json;          ///< as it is shown
    Json content;       ///< what is not shown: the contents of a cache
    std::string bytes;  ///< of a file, as far as they are kept
    TimePoint expires{};
    TimePoint begins{};            ///< before this moment there is no such object
    std::vector<Stage> to_come{};  ///< what `json` turns into, in order of time
  };

  void put(const std::string& name, Object object) { objects_[name] = std::move(object); }

  /// nullptr: unknown, expired, or another project's.
  Object* get(const std::string& name, const std::string& project, TimePoint now);

  bool remove(const std::string& name, const std::string& project, TimePoint now);

  /// Removes what lies below: "x/documents/y" and the like.
  void remove_below(const std::string& name);

  /// A page of {"files":[...],"nextPageToken"?}: the objects of that collection ("files",
  /// "fileSearchStores/x/documents"), by name, without what lies below them. `member` names the
  /// list in the answer.
  Json list(const std::string& collection, const std::string& member, const std::string& project,
            std::int64_t page_size, const std::string& token, TimePoint now);

  /// An upload that has been announced; the session's id stands in its URL.
  struct Upload {
    std::string project;
    std::string store;  ///< "fileSearchStores/x" for a document of it; empty: a file
    Json file;          ///< displayName, name, mimeType as far as given
    Received bytes;
  };
  void begin_upload(const std::string& id, Upload upload) { uploads_[id] = std::move(upload); }
  Upload* upload(const std::string& id);
  void end_upload(const std::string& id) { uploads_.erase(id); }

 private:
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
};

/// The File that an upload becomes, 48 hours of life from `now` on.
Json file_json(const std::string& name, const Objects::Upload& upload, const std::string& base_url,
               TimePoint now);

/// A File that the server made itself, which can be downloaded.
Json generated_file_json(const std::string& name, std::string_view mime_type,
                         std::string_view bytes, const std::string& base_url, TimePoint now);

/// "2026-06-17T14:13:00.159379Z": a time as protobuf's JSON writes it, in milliseconds here.
std::string timestamp(TimePoint time);

}  // namespace gembal::sandbox
