#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "daemon/message.hpp"
#include "lib/http/chunk_reader.hpp"

namespace gembal::daemon::front {

using Socket = asio::basic_stream_socket<asio::ip::tcp, async::Executor>;

/// What a connection may use, and for how long. Zero: no limit.
struct Limits {
  HeadLimits head;
  std::uint64_t max_body_bytes = 200ull << 20;
  std::chrono::milliseconds keep_alive{
      75'000};  ///< from one reply to the next request's first byte
  std::chrono::milliseconds head_time{
      10'000};  ///< from a request's first byte to the end of its head
  std::chrono::milliseconds body_idle{30'000};  ///< between two reads of a request's body
  std::chrono::milliseconds write_stall{
      120'000};  ///< a reader who takes nothing at all for so long is gone
};

/// Who answers requests. The functions are called on the connection's loop.
struct Service {
  /// Answers one request. What it leaves unanswered becomes a 500. A body that it streams and does
  /// not read to its end costs the connection.
  std::function<async::Task<void>(Exchange&)> handle;
  /// The reply for a request that the front itself refuses (malformed, too large, too slow), in the
  /// shape that its reader expects.
  std::function<Response(const RequestHead&, int status, const std::string& message)> refuse;
  /// The limits in force; asked once per request.
  std::function<Limits()> limits;
  /// Whether the handler takes this request's body piece by piece, of whatever size. Empty: never;
  /// each body is read whole before the handler is called.
  std::function<bool(const RequestHead&)> streams_body;
};

class Connections;

/// One client's connection: takes requests off it one after the other, has them answered, watches
/// for the client leaving.
///
/// Lives on one loop, kept alive by its coroutine. One read is always armed while a request is
/// answered, unless enough was read ahead: what it brings is more of a streamed body, the next
/// request, or the news that the client is gone.
class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
 public:
  Connection(async::Loop& loop, Socket socket, const Service& service, Connections& all);
  ~Connection() override;

  void start();

  /// Lets the request in progress end, then closes; closes at once when there is none.
  void drain();
  /// Ends at once.
  void cut();

  std::string peer() const override;
  async::Task<Result<std::optional<std::string>>> next_body_piece() override;
  async::Task<bool> answer(Response response) override;
  void begin(int status, const Headers& headers, std::optional<std::uint64_t> length) override;
  async::Task<bool> write(std::string_view piece, Flush flush) override;
  async::Task<bool> finish() override;
  void abandon(Cut how) override;
  async::Task<void> answer_raw(std::string bytes) override;

 private:
  static constexpr std::size_t kPipelined = 64 * 1024;   ///< bytes taken ahead of the next request
  static constexpr std::size_t kBodyAhead = 256 * 1024;  ///< and of a streamed body

  enum class Phase { idle, head, body, answering, closed };
  enum class Framing { none, length, chunked, until_close };

  /// A request body that is taken piece by piece, and how far it has come.
  struct StreamedBody {
    std::optional<http::ChunkReader> chunks;
    std::uint64_t left = 0;  ///< of a body with a length
    bool continue_due = false;
    bool complete = false;
    bool over = false;  ///< its request is: the connection may be gone, too
    std::optional<Error> error;
  };

  async::Task<void> run();
  async::Task<bool> read_head();
  async::Task<bool> read_body();
  async::Task<bool> read_chunked_body();
  void begin_streamed_body();
  std::string take_of_streamed_body();
  void end_streamed_body();
  void say_continue();
  bool wants_more_ahead() const;
  void read_ahead();
  async::Task<bool> more();
  async::Task<void> refuse(int status, std::string message);
  async::Task<bool> flush();
  void arm_read();
  void on_read(std::error_code failure, std::size_t count);
  void on_time_out();
  void close();

  const Service& service_;
  Connections& all_;
  Socket socket_;
  Limits limits_;
  async::Event readable_;
  async::Deadline deadline_;
  async::Deadline body_deadline_;  ///< of a streamed body: a reply may be written meanwhile
  Phase phase_ = Phase::idle;

  std::string in_;  ///< bytes read and not yet used
  std::array<char, 4096> read_buffer_;
  bool reading_ = false;
  bool ended_ = false;  ///< the client sent its last byte, or the connection broke
  bool timed_out_ = false;
  std::shared_ptr<StreamedBody>
      body_;  ///< null: read whole; shared with the call that waits for a piece

  std::string out_;  ///< bytes to send
  Framing framing_ = Framing::none;
  std::uint64_t length_left_ = 0;
  bool keep_alive_ = true;
  bool draining_ = false;
  bool cut_ = false;  ///< the reply was given up
  std::uint64_t count_ = 0;
};

/// The open connections of one loop, so that they can be counted and ended. Lives on that loop.
class Connections {
 public:
  void add(Connection& connection) { open_.push_back(&connection); }
  void remove(Connection& connection);
  std::size_t count() const { return open_.size(); }

  /// Lets requests in progress end and closes what is idle; calls `empty`, once, when no connection
  /// is left.
  void drain(std::function<void()> empty);
  /// Ends all at once; a drain() in progress then comes to its end.
  void cut();

 private:
  std::vector<Connection*> open_;
  std::function<void()> when_empty_;
};

}  // namespace gembal::daemon::front
