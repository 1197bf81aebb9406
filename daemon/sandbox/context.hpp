#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "daemon/sandbox/errors.hpp"
#include "daemon/sandbox/faults.hpp"
#include "daemon/sandbox/models.hpp"
#include "daemon/sandbox/objects.hpp"
#include "daemon/sandbox/quota.hpp"
#include "daemon/sandbox/target.hpp"
#include "daemon/sandbox/wire.hpp"

namespace gembal::sandbox {

/// What the methods of the API share about one request. Lives as long as the call of Api::answer().
struct Context {
  const Request& request;
  const Target& target;
  std::string key;
  std::string project;         ///< whose objects and quota it uses
  std::string project_number;  ///< what errors call that project
  TimePoint now{};
  std::uint64_t seed = 0;
  std::string id;  ///< "6r6FarDODNmynsEP8cLCoQk": the response's id, another one for each request
  std::optional<Fault> fault;  ///< a directive in the prompt may replace it
  Pace pace;                   ///< a directive may change it

  /// Books the cost against the project's quota for this model.
  std::function<std::optional<ApiError>(const std::string& model, Cost cost)> charge;
  /// Runs `work` on the objects of the server, alone.
  std::function<void(const std::function<void(Objects&)>& work)> with_objects;

  ErrorContext error_context() const;
  /// `?prettyPrint=false`
  bool compact() const { return target.parameter("prettyPrint") == "false"; }
};

/// The error in the form that this address gives it: an array of one on the OpenAI-compatible
/// surface and for streams without alt=sse.
Reply refuse(const Context& context, const ApiError& error);

// The methods, by address. `context.target` has a version; the credentials have been checked.

Reply answer_models(Context& context);          ///< GET models, POST models/x:method
Reply answer_files(Context& context);           ///< files and downloads
Reply answer_upload(Context& context);          ///< below /upload/
Reply answer_caches(Context& context);          ///< cachedContents
Reply answer_interactions(Context& context);    ///< interactions
Reply answer_file_search(Context& context);     ///< fileSearchStores
Reply answer_batches(Context& context);         ///< batches
Reply answer_openai(Context& context);          ///< openai/*
Reply answer_openai_batches(Context& context);  ///< openai/batches

/// POST models/x:batchGenerateContent, or asyncBatchEmbedContent.
Reply create_batch(Context& context, const Model& model, bool embeds);
/// POST models/x:predictLongRunning.
Reply start_video(Context& context, const Model& model);
/// GET models/x/operations/y.
Reply answer_model_operations(Context& context);

}  // namespace gembal::sandbox
