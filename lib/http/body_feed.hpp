#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/http/client.hpp"

namespace gembal::http {

/// Hands what a BodySource makes to somebody who cannot wait, as libcurl's callbacks cannot: one
/// piece is held at most. Lives on one loop.
///
/// Shared by its owner and the coroutine that asks the source, which may still wait when the owner
/// is gone: the owner then calls stop().
class BodyFeed : public std::enable_shared_from_this<BodyFeed> {
 public:
  BodyFeed(async::Loop& loop, std::shared_ptr<BodySource> source, std::function<void()> on_arrival);

  /// Copies up to `room` bytes. 0: the body is ended(), or the source is being asked and
  /// `on_arrival` will be called.
  std::size_t take(char* to, std::size_t room);

  bool ended() const;                          ///< all that there is was taken
  bool touched() const { return taken_ > 0; }  ///< cannot be sent from its start again
  const std::optional<Error>& error() const { return error_; }  ///< why no more will come

  /// Nothing is asked for and nobody is called from now on.
  void stop();

 private:
  static async::Task<void> fetch(std::shared_ptr<BodyFeed> self);
  void arrived(Result<std::optional<std::string>> piece);

  async::Loop& loop_;
  const std::shared_ptr<BodySource> source_;
  std::function<void()> on_arrival_;  ///< empty: stopped
  std::string piece_;
  std::size_t used_ = 0;  ///< of the piece
  std::uint64_t taken_ = 0;
  bool asking_ = false;
  bool source_ended_ = false;
  std::optional<Error> error_;
};

/// What becomes of a source whose pieces do not add up to its length.
Error wrong_body_length();

}  // namespace gembal::http
