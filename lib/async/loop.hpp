#pragma once

#include <asio.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace gembal::async {

using Executor = asio::io_context::executor_type;

/// A coroutine of gembal's: lives on one loop. Its arguments are values, or outlive it by
/// construction.
///
/// A co_await is a statement of its own or initialises a variable; nowhere else. g++ 12 lays the
/// frame of a coroutine out wrongly when one stands in an `if` (the condition's temporary lands
/// before the resume pointer), gives a frame back too early after `co_return co_await`, and
/// destroys the temporaries of a `?:` around one twice. tests/layers_test.sh looks for these.
template <typename T>
using Task = asio::awaitable<T, Executor>;

/// Naming the executor's type spares the polymorphic one that asio::use_awaitable would carry
/// through each wait.
inline constexpr asio::use_awaitable_t<Executor> use_task{};

using SteadyTime = std::chrono::steady_clock::time_point;

class Deadline;

/// One thread's event loop: an Asio context, and the deadlines that everything on it waits under.
///
/// Not thread-safe but for post() and stop(). Everything that names a Loop must be destroyed before
/// it.
class Loop {
 public:
  Loop();
  ~Loop();

  /// Runs until stop(), or, without work, until nothing is left to wait for.
  void run();
  void stop();

  /// Runs `work` on this loop, soon. From any thread.
  void post(std::function<void()> work);

  /// Starts a coroutine that nobody waits for. It must not let an exception out.
  void spawn(Task<void> task);

  Executor executor() { return context_.get_executor(); }
  asio::io_context& context() { return context_; }

 private:
  friend class Deadline;
  void watch();

  asio::io_context context_{1};
  asio::steady_timer ticker_;
  Deadline* armed_ = nullptr;  ///< a list of all armed deadlines, in no order
  Deadline* next_to_check_ = nullptr;
  bool ticking_ = false;
};

/// Calls back, from the loop, once its time has passed; checked every 50 ms. Arming, re-arming and
/// clearing cost a few instructions, so that every read and write can have one: thousands of timers
/// in a heap would not be so cheap.
class Deadline {
 public:
  Deadline(Loop& loop, std::function<void()> on_expiry)
      : loop_(loop), on_expiry_(std::move(on_expiry)) {}
  ~Deadline() { clear(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Fires `after` from now, in place of any earlier setting. Zero or less: never, the same as
  /// clear().
  void set(std::chrono::milliseconds after);
  void clear();

 private:
  friend class Loop;
  Loop& loop_;
  std::function<void()> on_expiry_;
  SteadyTime at_{};
  Deadline* previous_ = nullptr;
  Deadline* next_ = nullptr;
  bool linked_ = false;
};

/// Lets one coroutine wait until signal() is called. A signal that nobody waits for is kept, once.
///
/// The waiter is resumed by the loop, never from inside signal(): it may be called in a callback of
/// the very object that the coroutine is about to destroy.
class Event {
 public:
  explicit Event(Loop& loop) : executor_(loop.executor()) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void signal() {
    if (!waiter_) {
      signalled_ = true;
      return;
    }
    waiter_.release()->resume(executor_);
  }

  Task<void> wait() {
    if (std::exchange(signalled_, false)) co_return;
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this](auto handler) {
          waiter_ = std::make_unique<TypedWaiter<decltype(handler)>>(std::move(handler));
        },
        use_task);
  }

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void resume(const Executor& executor) = 0;  ///< deletes itself
  };
  template <typename Handler>
  struct TypedWaiter final : Waiter {
    explicit TypedWaiter(Handler h) : handler(std::move(h)) {}
    void resume(const Executor& executor) override {
      Handler taken = std::move(handler);
      delete this;
      asio::post(executor, std::move(taken));
    }
    Handler handler;
  };

  Executor executor_;
  std::unique_ptr<Waiter> waiter_;
  bool signalled_ = false;
};

/// Tells whoever waits on a request's behalf that it is no longer wanted: the client left, or the
/// daemon stops. Lives on one loop.
class Interrupt {
 public:
  bool raised() const { return raised_; }

  /// Calls every subscriber once, the latest first. Later subscribers are called at once.
  void raise();

  /// Subscribes for its own lifetime. The callback must not resume a coroutine directly: it signals
  /// an Event, or cancels.
  class Subscription {
   public:
    Subscription(Interrupt& interrupt, std::function<void()> callback);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    friend class Interrupt;
    Interrupt& interrupt_;
    std::function<void()> callback_;
  };

 private:
  bool raised_ = false;
  std::vector<Subscription*> subscribers_;
};

/// Waits for `duration`; returns early when the interrupt is raised.
Task<void> sleep(Loop& loop, std::chrono::milliseconds duration, Interrupt& interrupt);

}  // namespace gembal::async
