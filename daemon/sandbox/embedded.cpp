#include "daemon/sandbox/embedded.hpp"

namespace gembal::sandbox {

Result<std::unique_ptr<Embedded>> Embedded::start() {
  auto made = std::make_unique<Embedded>();
  auto server = Server::open(made->loop_, "127.0.0.1:0", {});
  if (!server) return std::move(server).error();
  made->server_ = *std::move(server);
  made->server_->start();
  made->thread_ = std::thread([loop = &made->loop_] { loop->run(); });
  return made;
}

Embedded::~Embedded() {
  if (!thread_.joinable()) return;
  loop_.post([this] { server_->stop([this] { loop_.stop(); }); });
  thread_.join();
}

std::string Embedded::base_url() const {
  return "http://" + daemon::front::to_text(server_->endpoint()) + "/v1beta";
}

}  // namespace gembal::sandbox
