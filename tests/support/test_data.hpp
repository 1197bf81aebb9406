#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "lib/core/json.hpp"

namespace gembal::testing {

/// A JSON file of tests/data.
inline Json test_data(const std::string& name) {
  std::stringstream text;
  text << std::ifstream(std::string(GEMBAL_TEST_DATA "/") + name).rdbuf();
  auto json = parse_json(text.str());
  if (json) return *std::move(json);
  ADD_FAILURE() << "tests/data/" << name << ": " << json.error().message;
  return {};
}

}  // namespace gembal::testing
