#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "lib/store/key_store.hpp"
#include "tests/support/database_server.hpp"
#include "tests/support/temp_dir.hpp"

namespace gembal::store {

constexpr Milliseconds kSoon{100};
inline const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");
constexpr std::int64_t kHour = 498'764;  ///< kNow's

/// A test of what has to be so whatever the database is.
class OnEveryDatabase : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  /// A place where there is no store yet, for any number of stores to be opened.
  std::string new_place() {
    if (GetParam() == DatabaseKind::sqlite)
      return folder_.file(std::to_string(++files_) + "/gembal.db");
    return server().new_database();
  }
  /// One such place for the whole test.
  const std::string& place() {
    if (place_.empty()) place_ = new_place();
    return place_;
  }

  static testing::DatabaseServer& server() {
    return testing::DatabaseServer::shared(GetParam() == DatabaseKind::mysql
                                               ? testing::ServerKind::mariadb
                                               : testing::ServerKind::postgresql);
  }

 private:
  testing::TempDir folder_;
  int files_ = 0;
  std::string place_;
};

inline std::string name_of(const ::testing::TestParamInfo<DatabaseKind>& kind) {
  return kind.param == DatabaseKind::sqlite  ? "sqlite"
         : kind.param == DatabaseKind::mysql ? "mysql"
                                             : "postgresql";
}

inline auto every_database() {
  return ::testing::Values(DatabaseKind::sqlite, DatabaseKind::mysql, DatabaseKind::postgresql);
}

inline keypool::Key key(const std::string& name, const std::string& project = "") {
  keypool::Key made;
  made.secret = Secret(name);
  made.id = made.secret.id();
  made.project = project;
  return made;
}

inline Url at(const std::string& url) { return *parse_url(url); }

inline KeyStore open(const std::string& path) {
  auto store = KeyStore::open(path);
  EXPECT_TRUE(store) << store.error().message;
  return *std::move(store);
}

/// A key as the store has it.
inline keypool::Key stored(KeyStore& store, const std::string& name) {
  for (auto& one : *store.keys()) {
    if (one.secret.reveal() == name) return one;
  }
  ADD_FAILURE() << "there is no " << name;
  return {};
}

inline std::vector<std::string> names(KeyStore& store) {
  std::vector<std::string> all;
  for (const auto& one : *store.keys()) all.push_back(one.secret.reveal());
  return all;
}

inline keypool::ModelState cooling(const std::string& model, TimePoint until) {
  return {model, keypool::ModelStatus::cooling, until, "PerMinute"};
}

inline Batch one_change(keypool::Change change) { return {{std::move(change)}, {}, {}}; }

/// Runs `work` in another process, which ends with what it returns.
inline pid_t start_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

inline int end_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline int in_child(const std::function<int()>& work) { return end_of(start_child(work)); }

}  // namespace gembal::store
