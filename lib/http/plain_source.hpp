#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/http/chunk_reader.hpp"
#include "lib/http/reply_head.hpp"
#include "lib/http/reply_source.hpp"

namespace gembal::http {

/// A connection to an upstream, with the bytes that were read from it and not yet used.
struct PlainConnection {
  using Socket = asio::basic_stream_socket<asio::ip::tcp, async::Executor>;

  explicit PlainConnection(async::Loop& loop) : socket(loop.executor()) {}
  std::string_view unread() const { return std::string_view(buffer).substr(start, end - start); }

  Socket socket;
  std::string buffer;  ///< room to read into
  std::size_t start = 0;
  std::size_t end = 0;
  async::SteadyTime idle_since{};
};

/// Whether a read or write has to wait for its socket.
inline bool would_block(const std::error_code& failure) {
  return failure == asio::error::would_block || failure == asio::error::try_again;
}

/// The connections of one loop that rest between two requests, by "host:port". Not thread-safe.
class PlainPool {
 public:
  PlainPool(async::Loop& loop, ClientOptions options);

  async::Loop& loop() { return loop_; }
  const ClientOptions& options() const { return options_; }

  /// The one that rested least; null when there is none.
  std::unique_ptr<PlainConnection> take(const std::string& authority);
  void give_back(const std::string& authority, std::unique_ptr<PlainConnection> connection);

 private:
  void close_old();

  async::Loop& loop_;
  ClientOptions options_;
  std::unordered_map<std::string, std::vector<std::unique_ptr<PlainConnection>>> resting_;
  std::size_t count_ = 0;
  async::Deadline sweep_;
};

/// One HTTP/1.1 request without TLS. Reads only when it is asked for more, into one buffer: a slow
/// reader slows the sender down.
class PlainSource final : public ReplySource {
 public:
  /// Whether `url` is plain HTTP to an address or to localhost: names have to be looked up, which
  /// is libcurl's affair.
  static bool can_reach(std::string_view url);

  PlainSource(PlainPool& pool, Request request);
  ~PlainSource() override;

  async::Task<Result<void>> wait_for_head() override;
  async::Task<std::optional<std::string_view>> next() override;
  bool ready() const override;
  void abort(Error why) override;

 private:
  enum class Arrival { head, nothing, failed };

  /// A streamed body on its way; shared with the coroutine that sends it.
  struct Upload {
    bool stopped = false;   ///< the coroutine must touch nothing else
    bool complete = false;  ///< all was sent
  };

  async::Task<void> connect();
  async::Task<void> send();
  async::Task<void> send_body(std::shared_ptr<Upload> upload);
  bool uploading() const { return upload_ && !upload_->stopped && !upload_->complete; }
  void stop_upload();
  void expect(const char* slow, std::chrono::milliseconds within);
  async::Task<Arrival> read_head();
  async::Task<bool> read_more();
  std::string head_text() const;
  void take_body();
  void end();

  PlainPool& pool_;
  Request request_;
  std::string authority_;  ///< "host:port"
  std::string target_;     ///< path and query
  std::unique_ptr<PlainConnection> connection_;
  bool reused_ = false;
  ReplyHead reply_;
  std::uint64_t left_ = 0;  ///< of a body with a length
  std::optional<ChunkReader> chunks_;
  std::string decoded_;     ///< what chunks held; next() returned a view of it
  std::string_view piece_;  ///< arrived and not handed out yet
  bool done_ = false;       ///< the body came to its end, or `error` says why not
  std::shared_ptr<Upload> upload_;
  const char* slow_ = "the upstream did not answer in time";
  std::chrono::milliseconds within_{};  ///< of what is expected once the body is sent
  async::Deadline phase_;
  async::Deadline stall_;  ///< upstream takes nothing of the body
  async::Deadline total_;
};

}  // namespace gembal::http
