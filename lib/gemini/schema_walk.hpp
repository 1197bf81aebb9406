#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/core/json_fwd.hpp"
#include "lib/core/result.hpp"

namespace gembal::gemini {

/// What is left of what all schemas of a request may take.
struct SchemaBudget {
  std::size_t parts = 50'000;     ///< schemas within schemas, as they are written
  std::size_t bytes = 16u << 20;  ///< of texts in them
};

/// A walk through one JSON Schema: where it is, what its references point to, and what went wrong
/// first. After a failure everything goes on, to no effect.
class SchemaWalk {
 public:
  SchemaWalk(const Json& root, std::string_view param, SchemaBudget& budget)
      : root_(root), param_(param), budget_(budget) {}

  /// A step down for its own lifetime, which the names must outlive: to "name", "name.member" or
  /// "name[index]". Fails when that is too deep, or one part too many.
  class Step {
   public:
    explicit Step(SchemaWalk& walk, std::string_view name, std::string_view member = {});
    Step(SchemaWalk& walk, std::string_view name, std::size_t index);
    ~Step() { walk_.path_.pop_back(); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    void enter() const;
    SchemaWalk& walk_;
  };

  /// Takes parts of what is left, and fails when that is not enough.
  void spend(std::size_t parts = 1);

  /// What `ref` points to; nullptr, and a failure, when that is nothing within the schema.
  const Json* resolve(const std::string& ref);

  /// A copy of a value that is no schema, or null when it is too large.
  Json copy(const Json& value);

  void fail(std::string_view what);
  bool failed() const { return error_.has_value(); }
  Error take_error() { return *std::move(error_); }

 private:
  struct Place {
    std::string_view name;
    std::string_view member;
    std::optional<std::size_t> index;
  };

  const Json& root_;
  const std::string_view param_;
  SchemaBudget& budget_;
  std::vector<Place> path_;
  std::unordered_map<std::string, const Json*> resolved_;
  std::optional<Error> error_;
};

/// What the JSON pointer of a reference within a document ("#/$defs/x") points to; nullptr when
/// that is nothing.
const Json* resolve_pointer(const Json& root, std::string_view ref);

/// Adds a member whose name is known to be new: without the look through all that are there.
void append_member(Json& object, std::string name, Json value);

// The two forms; they leave the error in the walk.
Json write_schema_subset(SchemaWalk& walk, const Json& schema);
Json write_json_schema(SchemaWalk& walk, const Json& schema);

/// Takes out of `required` what makes a schema need itself without end, which Gemini refuses. All
/// references are to the root or its `$defs`.
void free_cycles(Json& root);

}  // namespace gembal::gemini
