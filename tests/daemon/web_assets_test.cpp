#include <gtest/gtest.h>

#include <string>

#include "daemon/web/assets.hpp"

namespace gembal::daemon::web {
namespace {

TEST(WebAssetsTest, ThePageNamesAssetsThatAreThere) {
  const auto* page = find("index.html");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_FALSE(page->immutable);

  const std::string_view prefix = "\"/assets/";
  int count = 0;
  for (auto at = page->plain.find(prefix); at != std::string_view::npos;
       at = page->plain.find(prefix, at + 1), ++count) {
    const auto start = at + prefix.size();
    const auto name = page->plain.substr(start, page->plain.find('"', start) - start);
    const auto* asset = find(name);
    ASSERT_NE(asset, nullptr) << name;
    EXPECT_TRUE(asset->immutable) << name;
    EXPECT_EQ(asset->etag.size(), 18u) << name;
    EXPECT_FALSE(asset->plain.empty()) << name;
    EXPECT_EQ(asset->bytes.substr(0, 2), "\x1f\x8b") << name;
  }
  EXPECT_GE(count, 4);
}

TEST(WebAssetsTest, NothingElseIsThere) {
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(find("app.js"), nullptr);
  EXPECT_EQ(find("index.html.gz"), nullptr);
  EXPECT_EQ(find("../package.json"), nullptr);
}

// The pages run under a policy that forbids these.
TEST(WebAssetsTest, ThePageHasNoScriptOrStyleOfItsOwn) {
  const auto page = find("index.html")->plain;
  EXPECT_EQ(page.find("style="), std::string_view::npos);
  EXPECT_EQ(page.find("<style"), std::string_view::npos);
  EXPECT_EQ(page.find("<script>"), std::string_view::npos);
}

}  // namespace
}  // namespace gembal::daemon::web
