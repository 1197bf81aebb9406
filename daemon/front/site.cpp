#include "daemon/front/site.hpp"

#include <httplib.h>

#include <algorithm>
#include <charconv>

#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::daemon::front {
namespace {

constexpr std::size_t kLongestHeader = 8000;  // httplib refuses lines of more than 8 KiB

/// One request in memory for httplib to read, and the place for its reply. Later versions of the
/// library have some of these functions as virtual ones and earlier versions do not: hence no
/// `override` there.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string request) : request_(std::move(request)) {}

  bool is_readable() const override { return true; }
  // Which of these are virtual differs between versions of cpp-httplib.
  // NOLINTBEGIN(modernize-use-override)
  bool is_writable() const { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  time_t duration() const { return 0; }
  // NOLINTEND(modernize-use-override)

  ssize_t read(char* to, std::size_t size) override {
    const auto count = std::min(size, request_.size() - taken_);
    std::copy_n(request_.data() + taken_, count, to);
    taken_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* from, std::size_t size) override {
    reply_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  socket_t socket() const override { return INVALID_SOCKET; }

  std::string take_reply() { return std::move(reply_); }

 private:
  std::string request_;
  std::size_t taken_ = 0;
  std::string reply_;
};

std::string as_text(const Request& request) {
  const auto& head = request.head;
  std::string text;
  // Connection leaves the body of a reply to HEAD out by itself; its length is wanted.
  text.append(head.method == "HEAD" ? "GET" : head.method)
      .append(" ")
      .append(head.target)
      .append(" HTTP/1.1\r\n");
  for (const auto& [name, value] : head.fields) {
    if (name.size() + value.size() > kLongestHeader || iequals(name, "content-length") ||
        iequals(name, "expect") || iequals(name, "transfer-encoding") ||
        iequals(name, "connection")) {
      continue;
    }
    text.append(name).append(": ").append(value).append("\r\n");
  }
  text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
  return text + request.body;
}

Response from_text(std::string_view text) {
  Response response;
  const auto end_of_head = text.find("\r\n\r\n");
  if (text.size() < 12 || end_of_head == std::string_view::npos) {
    response.status = 500;
    return response;
  }
  std::from_chars(text.data() + 9, text.data() + 12, response.status);
  auto head = text.substr(0, end_of_head);
  while (head.find("\r\n") != std::string_view::npos) {
    head.remove_prefix(head.find("\r\n") + 2);
    const auto line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    auto name = lower(line.substr(0, colon));
    if (name == "content-length" || name == "connection" || name == "keep-alive") continue;
    response.headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  }
  response.body = text.substr(end_of_head + 4);
  return response;
}

/// Lends a function that only classes made of the library's have the use of. No such class is made:
/// it would need what the library says of its own, and with that the library itself before anybody
/// asks for a page.
struct Lent : httplib::Server {
  static constexpr auto lend() { return &Lent::process_request; }
};

template <typename Function>
void process(httplib::Server& server, Function process_request, MemoryStream& stream) {
  bool closed = false;
  const std::string nobody;
  const auto nothing = [](httplib::Request&) {};
  // Since 0.15 the addresses of both ends are arguments.
  if constexpr (requires {
                  (server.*process_request)(stream, nobody, 0, nobody, 0, true, closed, nothing);
                }) {
    (server.*process_request)(stream, nobody, 0, nobody, 0, true, closed, nothing);
  } else {
    (server.*process_request)(stream, true, closed, nothing);
  }
}

}  // namespace

Site::Site() : server_(std::make_unique<httplib::Server>()) {
  server_->set_error_handler([](const httplib::Request& request, httplib::Response& response) {
    if (!response.body.empty()) return;
    const std::string what = response.status == 404 ? "there is nothing at " + request.path
                                                    : "the request cannot be served";
    response.set_content(gemini::error_body(response.status, what),
                         "application/json; charset=UTF-8");
  });
  server_->set_exception_handler([](const httplib::Request&, httplib::Response& response,
                                    auto&&...) { response.status = 500; });
}

Site::~Site() = default;

httplib::Server& Site::routes() { return *server_; }

Response Site::serve(const Request& request) const {
  MemoryStream stream(as_text(request));
  process(*server_, Lent::lend(), stream);
  return from_text(stream.take_reply());
}

}  // namespace gembal::daemon::front
