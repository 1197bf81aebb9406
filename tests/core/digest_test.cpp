#include "lib/core/digest.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

TEST(DigestTest, HashesPiecesAsTheWhole) {
  // The examples of FIPS 180-4.
  const char* const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const char* const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(sha256_hex(""), empty);
  EXPECT_EQ(sha256_hex("abc"), abc);
  Sha256 hash;
  EXPECT_EQ(hash.hex(), empty);
  hash.add("a");
  EXPECT_EQ(hash.hex(), sha256_hex("a"));
  hash.add("bc");
  EXPECT_EQ(hash.hex(), abc);
}

}  // namespace
}  // namespace gembal
