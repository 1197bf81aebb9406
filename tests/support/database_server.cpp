#include "tests/support/database_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <soci/soci.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "lib/core/text.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr uid_t kNobody = 65534;
constexpr milliseconds kPatience{120'000};  // for a machine with much else to do

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  ::bind(socket, any, size);
  ::getsockname(socket, any, &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// The newest of a program of a package that has several versions side by side.
std::string find_program(const std::string& name, const std::vector<std::string>& folders) {
  std::string found;
  for (const auto& folder : folders) {
    std::error_code ignored;
    if (std::filesystem::exists(folder + "/" + name, ignored)) return folder + "/" + name;
    for (const auto& version : std::filesystem::directory_iterator(folder, ignored)) {
      const auto program = version.path() / "bin" / name;
      if (std::filesystem::exists(program, ignored)) found = std::max(found, program.string());
    }
  }
  return found;
}

std::string mariadb_program(const std::string& name) {
  return find_program(name, {"/usr/sbin", "/usr/bin", "/usr/local/bin"});
}

std::string postgresql_program(const std::string& name) {
  return find_program(name, {"/usr/lib/postgresql", "/usr/bin", "/usr/local/bin"});
}

/// Ends with the test program, however that ends. PostgreSQL refuses to run as root.
pid_t spawn(std::vector<std::string> words, const std::string& log, bool may_be_root) {
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  if (!may_be_root && ::geteuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent || ::chdir("/") != 0) ::_exit(126);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

/// The processes that a process has started.
std::vector<pid_t> children_of(pid_t pid) {
  const auto id = std::to_string(pid);
  std::ifstream file("/proc/" + id + "/task/" + id + "/children");
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

int end_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char* soci_name(ServerKind kind) {
  return kind == ServerKind::mariadb ? "mysql" : "postgresql";
}

}  // namespace

const std::string DatabaseServer::kPassword = "p@ss: w/rd%'\\\"";

DatabaseServer::DatabaseServer(ServerKind kind) : kind_(kind), port_(free_port()) {
  const bool is_installed = kind_ == ServerKind::mariadb ? !mariadb_program("mariadbd").empty()
                                                         : !postgresql_program("postgres").empty();
  if (!is_installed) {
    ADD_FAILURE() << "this test needs a database server: apt-get install "
                  << (kind_ == ServerKind::mariadb ? "mariadb-server" : "postgresql");
    return;
  }
  set_up();
  start();
}

DatabaseServer::~DatabaseServer() { kill(); }

DatabaseServer& DatabaseServer::shared(ServerKind kind) {
  static std::map<ServerKind, std::unique_ptr<DatabaseServer>> servers;
  auto& server = servers[kind];
  if (!server) server = std::make_unique<DatabaseServer>(kind);
  return *server;
}

/// A server that starts removes whatever looks like a temporary table of MariaDB's, those of other
/// servers, too.
std::string DatabaseServer::own_tmp_folder() const {
  const auto folder = folder_.file("tmp");
  std::filesystem::create_directories(folder);
  return folder;
}

void DatabaseServer::set_up() {
  const auto log = folder_.file("log");
  pid_t setting_up = -1;
  if (kind_ == ServerKind::mariadb) {
    std::string quoted;
    for (const char c : kPassword) quoted += c == '\'' || c == '\\' ? "\\" : "", quoted += c;
    folder_.write("init.sql", "CREATE OR REPLACE USER gembal@'%' IDENTIFIED BY '" + quoted +
                                  "';\nGRANT ALL ON *.* TO gembal@'%';\n");
    std::vector<std::string> words = {mariadb_program("mariadb-install-db"),
                                      "--no-defaults",
                                      "--datadir=" + folder_.file("data"),
                                      "--skip-test-db",
                                      "--auth-root-authentication-method=normal",
                                      "--innodb-log-file-size=8M",
                                      "--tmpdir=" + own_tmp_folder()};
    if (::geteuid() == 0) words.push_back("--user=root");
    setting_up = spawn(std::move(words), log, true);
  } else {
    // What runs as somebody else has to get in.
    folder_.write("password", kPassword + "\n");
    if (::geteuid() == 0) {
      for (const auto& path : {folder_.path().string(), folder_.file("password")})
        EXPECT_EQ(::chown(path.c_str(), kNobody, kNobody), 0);
    }
    setting_up = spawn({postgresql_program("initdb"), "-D", folder_.file("data"), "-U", "gembal",
                        "--pwfile=" + folder_.file("password"), "--auth=scram-sha-256",
                        "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"},
                       log, false);
  }
  EXPECT_EQ(end_of(setting_up), 0) << folder_.read("log");
}

// PostgreSQL does not start while processes of the one that was killed are still about to end.
void DatabaseServer::start() {
  const bool is_up = eventually(
      [this] {
        if (pid_ <= 0 || ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = spawn_server();
        return answers();
      },
      kPatience);
  EXPECT_TRUE(is_up) << folder_.read("log");
}

pid_t DatabaseServer::spawn_server() {
  const auto port = std::to_string(port_);
  const auto data = folder_.file("data");
  if (kind_ == ServerKind::mariadb) {
    std::vector<std::string> words = {
        mariadb_program("mariadbd"), "--no-defaults", "--datadir=" + data,
        "--tmpdir=" + own_tmp_folder(), "--socket=" + folder_.file("socket"),
        "--pid-file=" + folder_.file("pid"), "--port=" + port, "--bind-address=127.0.0.1",
        "--init-file=" + folder_.file("init.sql"), "--skip-name-resolve",
        "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M",
        // Enough for a process that is killed, if not for a machine.
        "--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--sync-binlog=0"};
    if (::geteuid() == 0) words.push_back("--user=root");
    return spawn(std::move(words), folder_.file("log"), true);
  }
  return spawn(
      {postgresql_program("postgres"), "-D", data, "-p", port, "-k", folder_.path().string(), "-c",
       "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"},
      folder_.file("log"), false);
}

void DatabaseServer::kill() {
  if (pid_ <= 0) return;
  // PostgreSQL's processes for connections go on for a while without the one that started them.
  const auto children = children_of(pid_);
  ::kill(pid_, SIGKILL);
  for (const pid_t child : children) ::kill(child, SIGKILL);
  end_of(pid_);
  pid_ = -1;
}

bool DatabaseServer::answers() const {
  try {
    soci::session(soci_name(kind_), connection(""));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::string DatabaseServer::connection(const std::string& database) const {
  std::string password;
  for (const char c : kPassword) password += c == '\'' || c == '\\' ? "\\" : "", password += c;
  const auto any = kind_ == ServerKind::mariadb ? "mysql" : "postgres";
  return "host=127.0.0.1 port=" + std::to_string(port_) + " user=gembal password='" + password +
         "' connect_timeout=5 dbname=" + (database.empty() ? any : database);
}

void DatabaseServer::execute(const std::string& database,
                             const std::vector<std::string>& statements) const {
  try {
    soci::session sql(soci_name(kind_), connection(database));
    for (const auto& statement : statements) sql << statement;
  } catch (const std::exception& exception) {
    ADD_FAILURE() << exception.what();
  }
}

std::string DatabaseServer::new_database() {
  const auto name = "store_" + std::to_string(++databases_);
  execute("", {"CREATE DATABASE " + name});
  return url(name, kPassword, port_);
}

std::string DatabaseServer::url(const std::string& database, const std::string& password,
                                int port) const {
  return std::string(soci_name(kind_)) + "://gembal" +
         (password.empty() ? "" : ":" + percent_encode(password)) +
         "@127.0.0.1:" + std::to_string(port) + "/" + database;
}

std::string DatabaseServer::socket_url(const std::string& database) const {
  const auto socket =
      kind_ == ServerKind::mariadb ? folder_.file("socket") : folder_.path().string();
  // PostgreSQL's socket has the port in its name.
  return std::string(soci_name(kind_)) + "://gembal:" + percent_encode(kPassword) +
         (kind_ == ServerKind::mariadb ? "@/" : "@:" + std::to_string(port_) + "/") + database +
         "?socket=" + percent_encode(socket);
}

}  // namespace gembal::testing
