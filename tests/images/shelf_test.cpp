#include "lib/images/shelf.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "lib/core/base64.hpp"
#include "tests/support/picture_hosts.hpp"
#include "tests/support/temp_dir.hpp"

namespace gembal::images {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ShelfTest : public ::testing::Test {
 protected:
  static Picture picture(const std::string& bytes = testing::tiny_png()) {
    return {"image/png", base64_encode(bytes)};
  }
  std::size_t files() const {
    std::error_code none;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator at(folder_, none), end; !none && at != end; ++at)
      ++count;
    return count;
  }

  testing::TempDir home_;
  std::filesystem::path folder_ = home_.path() / "below" / "images";
  Shelf shelf_{folder_};
  ShelfLimits limits_{hours{1}, 1 << 20};
  const TimePoint now_{std::chrono::seconds{1'800'000'000}};
};

TEST_F(ShelfTest, GivesBackWhatItKeepsUntilItsTimeHasPassed) {
  const auto name = shelf_.put(picture(), limits_, now_);
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_EQ(name->size(), 32u + 4);
  EXPECT_TRUE(name->ends_with(".png"));
  // Another shelf on the same folder is what a restart makes.
  const Shelf again(folder_);
  const auto kept = again.find(*name, limits_, now_ + minutes{59});
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->bytes, testing::tiny_png());
  EXPECT_EQ(kept->media_type, "image/png");
  EXPECT_EQ(kept->expires, now_ + hours{1});
  const auto late = again.find(*name, limits_, now_ + hours{1});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::not_found);
}

TEST_F(ShelfTest, FolderAndFilesAreTheOwnersAlone) {
  const auto name = shelf_.put(picture(), limits_, now_);
  ASSERT_TRUE(name);
  struct stat facts {};
  ASSERT_EQ(::stat((folder_ / *name).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(folder_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
}

TEST_F(ShelfTest, SweepsWhatHasHadItsTime) {
  const auto old = shelf_.put(picture(), limits_, now_);
  const auto young = shelf_.put(picture(), limits_, now_ + minutes{30});
  ASSERT_TRUE(old && young);
  std::ofstream(folder_ / "notes.txt") << "not ours";
  shelf_.sweep(limits_, now_ + hours{1});
  EXPECT_FALSE(std::filesystem::exists(folder_ / *old));
  EXPECT_TRUE(std::filesystem::exists(folder_ / *young));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "notes.txt"));
}

TEST_F(ShelfTest, TheOldestGoWhenThereAreTooManyBytes) {
  const ShelfLimits small{hours{1}, 1000};
  std::vector<std::string> names;
  for (int i = 0; i < 4; ++i) {
    auto name = shelf_.put(picture(std::string(400, 'x')), small, now_ + minutes{i});
    ASSERT_TRUE(name);
    names.push_back(*std::move(name));
  }
  EXPECT_EQ(files(), 2u);
  EXPECT_FALSE(shelf_.find(names[1], small, now_ + minutes{4}));
  EXPECT_TRUE(shelf_.find(names[2], small, now_ + minutes{4}));
  EXPECT_TRUE(shelf_.find(names[3], small, now_ + minutes{4}));
  const auto huge = shelf_.put(picture(std::string(1001, 'x')), small, now_ + minutes{4});
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().kind, ErrorKind::too_large);
}

TEST_F(ShelfTest, FindsNothingUnderNamesThatItDidNotGive) {
  const auto name = shelf_.put(picture(), limits_, now_);
  ASSERT_TRUE(name);
  home_.write("secret.png", "secret");
  for (const std::string& wrong :
       {std::string(), std::string("../../secret.png"), std::string("/etc/passwd"),
        std::string(32, '0') + ".png", name->substr(0, 32), *name + ".png",
        name->substr(0, 32) + ".exe", std::string(32, 'A') + ".png",
        name->substr(0, 32) + ".jpg"}) {
    SCOPED_TRACE(wrong);
    const auto found = shelf_.find(wrong, limits_, now_);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::not_found);
  }
}

TEST_F(ShelfTest, RefusesWhatIsNoPicture) {
  EXPECT_EQ(shelf_.put({"image/png", "not base64!"}, limits_, now_).error().kind,
            ErrorKind::upstream);
  EXPECT_EQ(shelf_.put({"text/html", "aGk="}, limits_, now_).error().kind, ErrorKind::unsupported);
}

TEST_F(ShelfTest, SaysWhenTheFolderCannotBeWritten) {
  home_.write("file", "");
  Shelf blocked(home_.path() / "file" / "images");
  const auto name = blocked.put(picture(), limits_, now_);
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().kind, ErrorKind::io);
}

}  // namespace
}  // namespace gembal::images
