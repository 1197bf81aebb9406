#include "tests/support/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <thread>

namespace gembal::testing {

bool eventually(const std::function<bool()>& is_true, milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds{5});
  }
  return true;
}

Process::Process(const TempDir& home, const std::vector<std::string>& arguments,
                 const Environment& environment, int given) {
  std::vector<std::string> words = {GEMBAL_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin", "HOME=" + home.path().string(),
                                        "XDG_CONFIG_HOME=" + home.file("config"),
                                        "XDG_DATA_HOME=" + home.file("data")};
  for (const char* kept : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* value = std::getenv(kept)) variables.push_back(std::string(kept) + "=" + value);
  }
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const std::string whose = "LISTEN_PID=";
  if (given >= 0) {
    variables.push_back("LISTEN_FDS=1");
    variables.push_back(whose + std::string(20, '\0'));  // only the child knows
  }
  std::vector<char*> argv, envp;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);

  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) std::abort();
  const std::string out = files_.file("out"), err = files_.file("err");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(pipe[0], STDIN_FILENO);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    if (given >= 0) {
      auto& pid = variables.back();
      std::to_chars(pid.data() + whose.size(), pid.data() + pid.size(), ::getpid());
      if (given == 3) {
        ::fcntl(given, F_SETFD, 0);
      } else {
        ::dup2(given, 3);
      }
    }
    if (::chdir(home.path().c_str()) != 0) ::_exit(126);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(pipe[0]);
  input_ = pipe[1];
}

Process::~Process() {
  if (input_ >= 0) ::close(input_);
  if (status_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::feed(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto count = ::write(input_, text.data() + at, text.size() - at);
    if (count <= 0) break;
    at += static_cast<std::size_t>(count);
  }
  ::close(input_);
  input_ = -1;
}

void Process::signal(int number) { ::kill(pid_, number); }

std::optional<int> Process::wait(milliseconds patience) {
  if (status_) return status_;
  int raw = 0;
  if (!eventually([&] { return ::waitpid(pid_, &raw, WNOHANG) == pid_; }, patience))
    return std::nullopt;
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return status_;
}

std::string Process::out() const { return files_.read("out"); }
std::string Process::err() const { return files_.read("err"); }

bool Process::says(const std::string& text, milliseconds patience) const {
  return eventually(
      [&] {
        return out().find(text) != std::string::npos || err().find(text) != std::string::npos;
      },
      patience);
}

Finished run(const TempDir& home, const std::vector<std::string>& arguments,
             const std::string& input, const Environment& environment) {
  Process process(home, arguments, environment);
  process.feed(input);
  const auto status = process.wait(milliseconds{60'000});
  return {status.value_or(-1), process.out(), process.err()};
}

Daemon::Daemon(const TempDir& home, const std::string& base_url,
               const std::vector<std::string>& keys, const std::string& toml,
               const std::vector<std::string>& arguments) {
  std::string text;
  for (const auto& key : keys) text += key + "\n";
  if (!keys.empty()) run(home, {"keys", "add", "--exact"}, text);
  const auto file = home.write("daemon.toml", toml);
  std::vector<std::string> words = {"serve", "--config", file, "--listen", "127.0.0.1:0"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  process_ = std::make_unique<Process>(
      home, words,
      Environment{{"GEMBAL_AUTH_TOKENS", "sk-test"}, {"GEMBAL_UPSTREAM_BASE_URL", base_url}});
  const std::string mark = "listens on http://127.0.0.1:";
  if (!process_->says("Try it:")) return;
  const auto out = process_->out();
  port_ = std::atoi(out.c_str() + out.find(mark) + mark.size());
}

Daemon::~Daemon() {
  std::optional<int> status = process_->wait(milliseconds{0});
  // The second signal ends what the first would let finish.
  for (int i = 0; i < 100 && !status; ++i) {
    process_->signal(SIGTERM);
    status = process_->wait(milliseconds{100});
  }
  EXPECT_TRUE(status == 0 || status == 128 + SIGKILL)
      << "ended with " << status.value_or(-1) << "\n"
      << process_->err();
  EXPECT_EQ(process_->err().find("Sanitizer"), std::string::npos) << process_->err();
}

int Daemon::stop() {
  process_->signal(SIGTERM);
  return process_->wait().value_or(-1);
}

Message Daemon::get(const std::string& path, const std::vector<std::string>& headers) {
  return send("GET", path, "", headers);
}

Message Daemon::post(const std::string& path, const std::string& body,
                     const std::vector<std::string>& headers) {
  return send("POST", path, body, headers);
}

Message Daemon::send(const std::string& method, const std::string& path, const std::string& body,
                     const std::vector<std::string>& headers) {
  auto all = headers;
  all.push_back("x-goog-api-key: sk-test");
  return ask(port_, http_request(method, path, body, all));
}

SandboxProcess::SandboxProcess(const TempDir& home, const std::string& scenario) {
  std::vector<std::string> words = {"sandbox", "--listen", "127.0.0.1:0"};
  if (!scenario.empty()) {
    words.push_back("--scenario");
    words.push_back(home.write("scenario.json", scenario));
  }
  process_ = std::make_unique<Process>(home, words);
  const std::string mark = "base URL   http://127.0.0.1:";
  if (!process_->says(mark)) {
    ADD_FAILURE() << process_->err();
    return;
  }
  const auto out = process_->out();
  port_ = std::atoi(out.c_str() + out.find(mark) + mark.size());
}

}  // namespace gembal::testing
