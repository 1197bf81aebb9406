#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gembal::openai {

/// Where a value of a request stands: "messages[2].content". Put in words only when somebody asks,
/// which is when there is something wrong with it. It must not outlive the names and the places
/// that it is made of.
class Place {
 public:
  Place(std::string_view name) : name_(name) {}
  Place(const std::string& name) : name_(name) {}
  Place(const char* name) : name_(name) {}

  Place member(std::string_view name) const { return {this, name, 0}; }
  Place operator[](std::size_t index) const { return {this, {}, index}; }

  std::string text() const {
    if (!outer_) return std::string(name_);
    auto text = outer_->text();
    return name_.empty() ? text + "[" + std::to_string(index_) + "]"
                         : text.append(".").append(name_);
  }
  operator std::string() const { return text(); }
  friend std::string operator+(const Place& place, std::string_view rest) {
    return place.text().append(rest);
  }

 private:
  Place(const Place* outer, std::string_view name, std::size_t index)
      : outer_(outer), name_(name), index_(index) {}

  const Place* outer_ = nullptr;
  std::string_view name_;  ///< "": it is an element
  std::size_t index_ = 0;
};

}  // namespace gembal::openai
