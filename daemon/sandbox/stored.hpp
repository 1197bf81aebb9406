#pragma once

#include <cstdint>
#include <string>

#include "daemon/sandbox/context.hpp"

/// What the methods of things that live on the server share.
namespace gembal::sandbox {

/// "http://HOST": how the client reaches this server.
std::string base_url(const Context& context);

/// GET or DELETE of one object; `missing` is what another project is told.
Reply get_or_remove(Context& context, const std::string& name, const ApiError& missing);

/// A page of Objects::list(), as ?pageSize= and ?pageToken= ask.
Reply list_objects(Context& context, const std::string& collection, const std::string& member);

/// 403 for a file ("x", without "files/") that is another project's, or is not there.
ApiError no_access_to_file(const std::string& id);

/// What a body (contents in camelCase) names but its key's project does not have: files, by their
/// URI, and file search stores.
std::optional<ApiError> refuse_references(Context& context, const Json& body);

/// 403 for a file search store of that id.
ApiError no_access_to_store(const std::string& id);

/// A document on its way into a file search store.
struct NewDocument {
  std::string project;
  std::string store;  ///< "fileSearchStores/x"
  std::string display_name;
  std::string mime_type;  ///< may be empty
  std::string size_bytes;
  std::string answer;      ///< the type of the operation's response
  std::string operations;  ///< where the operation lives: "/operations/"
};
/// Adds the document and its operation. Gives the operation as an upload shows it: with a response,
/// and not yet done.
Json add_document(Context& context, Objects& objects, const NewDocument& document);

/// 404 for a batch or an operation that is another project's, or is not there.
ApiError no_such_entity();

/// Keeps a file that the server made: it can be downloaded from `begins` on.
void keep_generated_file(Context& context, const std::string& name, std::string_view mime_type,
                         std::string bytes, TimePoint begins);

}  // namespace gembal::sandbox
