#pragma once

#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::anthropic {

/// Where the content blocks of an answer go. Between start() and stop() there is one open block,
/// which the functions between them in this list add to.
class BlockSink {
 public:
  virtual ~BlockSink() = default;

  /// `block`: with the members empty that are added later.
  virtual void start(Json block) = 0;
  virtual void text(std::string_view text) = 0;
  virtual void thinking(std::string_view text) = 0;
  virtual void signature(std::string_view signature) = 0;
  virtual void citation(Json citation) = 0;
  virtual void input(Json input) = 0;
  virtual void stop() = 0;
};

/// The content of a whole message.
class BlockList final : public BlockSink {
 public:
  void start(Json block) override;
  void text(std::string_view text) override;
  void thinking(std::string_view text) override;
  void signature(std::string_view signature) override;
  void citation(Json citation) override;
  void input(Json input) override;
  void stop() override {}

  Json take() { return std::move(blocks_); }

 private:
  void append(const char* member, std::string_view text);

  Json blocks_ = Json::array();
};

/// The events of a stream.
class BlockEvents final : public BlockSink {
 public:
  void start(Json block) override;
  void text(std::string_view text) override;
  void thinking(std::string_view text) override;
  void signature(std::string_view signature) override;
  void citation(Json citation) override;
  void input(Json input) override;
  void stop() override;

  /// The events since the last call.
  std::string take() { return std::exchange(events_, std::string()); }

 private:
  void delta(const char* type, const char* member, const Json& value);

  std::string events_;
  std::size_t started_ = 0;
};

/// One event of a stream.
std::string event(const char* type, const Json& data);

}  // namespace gembal::anthropic
