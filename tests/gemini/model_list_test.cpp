#include "lib/gemini/model_list.hpp"

#include <gtest/gtest.h>

#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

std::vector<Json> models(const std::vector<const char*>& ids) {
  std::vector<Json> made;
  for (const auto* id : ids)
    made.push_back(
        {{"name", std::string("models/") + id}, {"displayName", std::string("The ") + id}});
  return made;
}

std::string names(const std::vector<Json>& list) {
  std::vector<std::string> all;
  for (const auto& model : list) all.emplace_back(string_in(model, "name").substr(7));
  return join(all, " ");
}

TEST(OfferedModelsTest, AddsAndLeavesOut) {
  const struct {
    const char* name;
    std::vector<const char*> ids;
    ModelRules rules;
    const char* expected;
  } cases[] = {
      {"as they come", {"a", "b"}, {}, "a b"},
      {"each once", {"a", "a"}, {}, "a"},
      {"filtered ones are gone", {"a", "b", "bb"}, {.filtered = {"b*"}}, "a"},
      {"with their twins", {"b"}, {.filtered = {"b"}, .search = {"b"}}, ""},
      {"a twin may be filtered, too", {"b"}, {.filtered = {"*-search"}, .search = {"b"}}, "b"},
      {"twins follow their base",
       {"a", "b"},
       {.search = {"a"}, .image = {"b"}, .thinking = {"a"}},
       "a a-search a-non-thinking b b-image"},
      {"only of models that are there", {"a"}, {.search = {"x"}, .image_model = "y"}, "a"},
      {"by patterns", {"a-1", "a-2", "b"}, {.search = {"a-*"}}, "a-1 a-1-search a-2 a-2-search b"},
      {"a real model is no twin", {"a", "a-image"}, {.image = {"a"}}, "a a-image"},
      {"the image model's chat", {"p"}, {.image_model = "p"}, "p p-chat"},
      {"aliases come last",
       {"a", "b"},
       {.aliases = {{"x", "a"}, {"y-*", "a"}, {"z", "gone"}, {"w", "a-search"}}},
       "a b x w"},
      {"an alias of a filtered model", {"a"}, {.filtered = {"a"}, .aliases = {{"x", "a"}}}, "x"},
      {"nothing", {}, {.search = {"a"}}, ""},
  };
  for (const auto& c : cases)
    EXPECT_EQ(names(offered_models(models(c.ids), c.rules)), c.expected) << c.name;
  const auto twin = offered_models(models({"a"}), {.search = {"a"}})[1];
  EXPECT_EQ(string_in(twin, "displayName"), "The a For Search");
  EXPECT_EQ(string_in(twin, "description"), "The a For Search");
}

TEST(FindModelTest, FindsWhatCanBeCalled) {
  const auto known = models({"a", "b"});
  const ModelRules rules{.filtered = {"b"}, .search = {"a"}, .aliases = {{"x", "a"}}};
  const struct {
    const char* name;
    const char* called;
    std::string shown;  ///< "" for none
  } cases[] = {
      {"itself", "a", "models/a The a"},
      {"with a prefix", "models/a", "models/a The a"},
      {"a twin that is listed", "a-search", "models/a-search The a For Search"},
      {"one that is not", "a-non-thinking", "models/a-non-thinking a-non-thinking"},
      {"an alias", "x", "models/x x"},
      {"a filtered one", "b", ""},
      {"none", "c", ""},
      {"a twin of none", "c-search", ""},
  };
  for (const auto& c : cases) {
    const auto found = find_model(known, c.called, rules);
    const auto shown = !found ? ""
                              : std::string(string_in(*found, "name")) + " " +
                                    std::string(string_in(*found, "displayName"));
    EXPECT_EQ(shown, c.shown) << c.name;
  }
}

TEST(MergeModelsTest, KeepsTheOrderAndEachNameOnce) {
  auto all = models({"a", "b"});
  merge_models(all, models({"b", "c", "a", "d"}));
  EXPECT_EQ(names(all), "a b c d");
}

TEST(ModelPageTest, PagesPutTogetherAreTheList) {
  const auto all = models({"a", "b", "c", "d", "e"});
  for (std::size_t size = 1; size < 7; ++size) {
    std::vector<Json> together;
    std::string token;
    int pages = 0;
    do {
      const auto page = page_of(all, size, token);
      ASSERT_TRUE(page);
      EXPECT_LE(page->models.size(), size);
      together.insert(together.end(), page->models.begin(), page->models.end());
      token = page->next;
    } while (!token.empty() && ++pages < 10);
    EXPECT_EQ(names(together), "a b c d e") << size;
  }
  EXPECT_FALSE(page_of(all, 2, "nonsense"));
  EXPECT_FALSE(page_of(all, 2, "%%%"));
  const auto token = page_of(all, 2, "")->next;
  EXPECT_EQ(names(page_of(models({"x", "b", "z"}), 2, token)->models), "z");
  EXPECT_TRUE(page_of(models({"x"}), 2, token)->models.empty());
  EXPECT_TRUE(page_of({}, 2, "")->models.empty());
}

}  // namespace
}  // namespace gembal::gemini
