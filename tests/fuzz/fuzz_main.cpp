// What libFuzzer calls, for all fuzzers.

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gembal::fuzz_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
