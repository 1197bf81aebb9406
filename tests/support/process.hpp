#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/socket.hpp"
#include "tests/support/temp_dir.hpp"

namespace gembal::testing {

/// What a finished command left.
struct Finished {
  int status = -1;  ///< exit status; 128 + the signal that ended it
  std::string out;
  std::string err;
};

using Environment = std::map<std::string, std::string>;

/// The gembal binary as a child process, in an environment of nothing but `environment`, PATH, and
/// HOME and XDG folders inside `home`. Killed when it is destroyed.
class Process {
 public:
  /// `given`: a descriptor that it gets as systemd gives sockets: as number 3, with LISTEN_FDS and
  /// LISTEN_PID. -1: none.
  Process(const TempDir& home, const std::vector<std::string>& arguments,
          const Environment& environment = {}, int given = -1);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Writes to its standard input and ends that.
  void feed(const std::string& text);

  void signal(int number);
  /// Its exit status; nullopt when it still runs.
  std::optional<int> wait(milliseconds patience = milliseconds{20'000});

  std::string out() const;  ///< so far
  std::string err() const;
  /// Waits until `text` is in its stdout or stderr; false when it does not come.
  bool says(const std::string& text, milliseconds patience = milliseconds{20'000}) const;
  pid_t pid() const { return pid_; }

 private:
  TempDir files_;
  pid_t pid_ = -1;
  int input_ = -1;
  std::optional<int> status_;
};

/// Runs a command to its end.
Finished run(const TempDir& home, const std::vector<std::string>& arguments,
             const std::string& input = "", const Environment& environment = {});

/// A running daemon on a free port, with the client token "sk-test".
class Daemon {
 public:
  /// `keys` are added to the store first; `toml` is its configuration besides listen address, token
  /// and upstream.
  Daemon(const TempDir& home, const std::string& base_url, const std::vector<std::string>& keys,
         const std::string& toml = "", const std::vector<std::string>& arguments = {});
  /// Ends it at once; a sanitizer's report, or a status other than 0, fails the test.
  ~Daemon();

  int port() const { return port_; }
  Process& process() { return *process_; }
  /// SIGTERM and wait; the exit status.
  int stop();

  /// A request with the token in x-goog-api-key.
  Message get(const std::string& path, const std::vector<std::string>& headers = {});
  Message post(const std::string& path, const std::string& body,
               const std::vector<std::string>& headers = {});
  Message send(const std::string& method, const std::string& path, const std::string& body = "",
               const std::vector<std::string>& headers = {});

 private:
  std::unique_ptr<Process> process_;
  int port_ = 0;
};

/// The sandbox as a process of its own, on a free port.
class SandboxProcess {
 public:
  /// `scenario`: JSON; "" for none.
  explicit SandboxProcess(const TempDir& home, const std::string& scenario = "");

  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1beta"; }
  int port() const { return port_; }

 private:
  std::unique_ptr<Process> process_;
  int port_ = 0;
};

/// Asks `is_true` until it is, for at most that long.
bool eventually(const std::function<bool()>& is_true, milliseconds patience = milliseconds{10'000});

}  // namespace gembal::testing
