#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "lib/async/loop.hpp"
#include "lib/http/body_feed.hpp"
#include "lib/http/reply_source.hpp"

namespace gembal::http {

template <typename T, auto Free>
struct Freer {
  void operator()(T* p) const { Free(p); }
};
template <typename T, auto Free>
using Handle = std::unique_ptr<T, Freer<T, Free>>;
using EasyHandle = Handle<CURL, curl_easy_cleanup>;
using HeaderList = Handle<curl_slist, curl_slist_free_all>;

class Multi;

/// One transfer over libcurl: what curl's callbacks write and the reply reads.
struct Transfer final : ReplySource {
  Transfer(async::Loop& loop, Multi& owner, Request r);
  ~Transfer() override;

  async::Task<Result<void>> wait_for_head() override;
  async::Task<std::optional<std::string_view>> next() override;
  bool ready() const override { return !arrived.empty() || done; }
  void abort(Error why) override { fail(std::move(why)); }

  /// Has `easy` call back to the transfer that its *DATA options name.
  static void install_callbacks(CURL* easy);
  /// For requests that may not connect to everywhere.
  static curl_socket_t on_connect(void* self, curlsocktype, curl_sockaddr* address);

  void fail(Error why);            ///< ends the transfer, once; wakes the waiter
  void finish(CURLcode code);      ///< curl is done with it
  void run_out(const char* slow);  ///< of time
  void body_arrived();             ///< of the request: curl can go on sending
  void rearm();                    ///< sets `phase` to what upstream owes us now

  Multi& multi;
  Request request;
  EasyHandle easy;  ///< given back to the multi when the transfer is over
  HeaderList header_list;
  std::string arrived;  ///< body bytes not taken yet
  std::string taken;    ///< what the last next() returned a view of
  async::Event changed;
  std::shared_ptr<BodyFeed> feed;  ///< the request's streamed body; null: none
  async::Deadline phase;           ///< header, or idle
  async::Deadline total;
  bool head_complete = false;
  bool done = false;
  bool paused = false;       ///< nothing is received until the reader takes what arrived
  bool send_paused = false;  ///< nothing is sent until the source has made more
  bool sending = false;      ///< the streamed body is on its way
  bool attached = false;     ///< curl works on it
  bool started = false;      ///< the request was sent, or some of it
};

}  // namespace gembal::http
