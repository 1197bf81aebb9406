#include "lib/openai/images.hpp"

#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/openai/image_reply.hpp"
#include "lib/openai/image_shape.hpp"
#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

gemini::ModelRules standard_rules() {
  gemini::ModelRules rules;
  rules.image_model = "gemini-3.1-flash-image";
  rules.aliases = {{"painter", "gemini-3-pro-image"}};
  rules.filtered = {"gemini-2.0-*"};
  return rules;
}

const gemini::ModelRules kRules = standard_rules();
constexpr const char* kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQImWNwav0CAALIAbzDqqRyAAAAAElFTkSuQmCC";

Result<ImageCall> read(const std::string& members) {
  return read_image_generation(R"({"prompt":"a cat")" + members + "}", kRules);
}

Json config_for(const std::string& members, const std::string& model = "") {
  const auto call = read(members);
  if (!call) return call.error().message;
  return image_request(*call, model.empty() ? call->called.model : model)["generationConfig"];
}

std::string joined(const std::vector<std::string>& pieces) { return join(pieces, ""); }

TEST(ImagesTest, TheModelIsGeminisOrTheStandard) {
  const struct {
    const char* name;
    const char* members;
    const char* model;
  } cases[] = {
      {"none is named", "", "gemini-3.1-flash-image"},
      {"null", R"(,"model":null)", "gemini-3.1-flash-image"},
      {"OpenAI's", R"(,"model":"gpt-image-1")", "gemini-3.1-flash-image"},
      {"an old one of OpenAI's", R"(,"model":"dall-e-3")", "gemini-3.1-flash-image"},
      {"Imagen, which is gone", R"(,"model":"imagen-4.0-generate-001")", "gemini-3.1-flash-image"},
      {"Gemini's", R"(,"model":"gemini-3-pro-image")", "gemini-3-pro-image"},
      {"with its path", R"(,"model":"models/gemini-2.5-flash-image")", "gemini-2.5-flash-image"},
      {"by an alias", R"(,"model":"painter")", "gemini-3-pro-image"},
      {"as the chat of an image model", R"(,"model":"gemini-3-pro-image-chat")",
       "gemini-3-pro-image"},
      {"by its other name", R"(,"model":"nano-banana-pro-preview")", "nano-banana-pro-preview"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read(c.members);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->called.model, c.model);
  }
}

TEST(ImagesTest, SizesBecomeShapesAndClasses) {
  const struct {
    const char* name;
    const char* members;
    const char* config;
  } cases[] = {
      {"nothing asked", "", R"({"responseModalities":["IMAGE"]})"},
      {"auto", R"(,"size":"auto")", R"({"responseModalities":["IMAGE"]})"},
      {"a square is of the standard class", R"(,"size":"1024x1024")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"1:1"}})"},
      {"landscape", R"(,"size":"1536x1024")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"3:2"}})"},
      {"portrait", R"(,"size":"1024x1536")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"2:3"}})"},
      {"DALL-E's wide one", R"(,"size":"1792x1024")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"16:9"}})"},
      {"DALL-E's tall one", R"(,"size":"1024x1792")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"9:16"}})"},
      {"small", R"(,"size":"512x512")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"1:1","imageSize":"512"}})"},
      {"full HD", R"(,"size":"1920x1080")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"16:9","imageSize":"2K"}})"},
      {"UHD", R"(,"size":"3840x2160")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"16:9","imageSize":"4K"}})"},
      {"a class in place of a size", R"(,"size":"4k")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"imageSize":"4K"}})"},
      {"a shape in place of a size", R"(,"size":"21:9")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"21:9"}})"},
      {"Gemini's own words", R"(,"aspect_ratio":"4:5","image_size":"2K")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"4:5","imageSize":"2K"}})"},
      {"a model of one size", R"(,"size":"3840x2160","model":"gemini-2.5-flash-image")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"16:9"}})"},
      {"a model that has no small pictures", R"(,"size":"256x256","model":"gemini-3-pro-image")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"1:1"}})"},
      {"quality counts where no size is asked", R"(,"quality":"hd")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"imageSize":"2K"}})"},
      {"and not where one is", R"(,"quality":"high","size":"1024x1024")",
       R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"1:1"}})"},
      {"drafts want thoughts", R"(,"stream":true,"partial_images":2)",
       R"({"responseModalities":["IMAGE"],"thinkingConfig":{"includeThoughts":true}})"},
      {"which a model without them is not asked for",
       R"(,"stream":true,"partial_images":2,"model":"gemini-2.5-flash-image")",
       R"({"responseModalities":["IMAGE"]})"},
      {"drafts are for streams", R"(,"partial_images":2)", R"({"responseModalities":["IMAGE"]})"},
      {"what OpenAI has and Gemini has not",
       R"(,"style":"vivid","user":"u","moderation":"low","output_compression":80,"background":"opaque")",
       R"({"responseModalities":["IMAGE"]})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(to_text(config_for(c.members)), c.config);
  }
}

TEST(ImagesTest, AnotherModelIsAskedOnlyForWhatItCan) {
  EXPECT_EQ(to_text(config_for(R"(,"size":"4000x1000")", "gemini-2.5-flash-image")),
            R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"21:9"}})");
}

TEST(ImagesTest, WordsInThePromptSayWhatTheFieldsSay) {
  const struct {
    const char* name;
    const char* prompt;
    const char* left;
    int count;
    const char* ratio;
  } cases[] = {
      {"none", "a cat", "a cat", 3, "1:1"},
      {"a number", "a cat {n:2}", "a cat", 2, "1:1"},
      {"a shape", "{ratio:16:9} a cat", "a cat", 3, "16:9"},
      {"both, with blanks", "a { n : 4 }cat{RATIO: 9:16 }", "a cat", 4, "9:16"},
      {"other braces are the prompt's own", "a {red} cat {n} {x:1} {", "a {red} cat {n} {x:1} {", 3,
       "1:1"},
      {"words inside braces", "{a {n:2} cat}", "{a  cat}", 2, "1:1"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Json request = {{"prompt", c.prompt}, {"n", 3}, {"size", "1024x1024"}};
    const auto call = read_image_generation(to_text(request), kRules);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->prompt, c.left);
    EXPECT_EQ(call->count, c.count);
    EXPECT_EQ(call->aspect_ratio, c.ratio);
  }
}

TEST(ImagesTest, AnAddressIsGivenWhereOpenAiGivesOne) {
  const struct {
    const char* name;
    const char* members;
    bool wants_url;
  } cases[] = {
      {"no model named", "", true},
      {"DALL-E", R"(,"model":"dall-e-3")", true},
      {"GPT Image sends the picture itself", R"(,"model":"gpt-image-1")", false},
      {"but gives an address when asked", R"(,"model":"gpt-image-1","response_format":"url")",
       true},
      {"the picture itself when asked", R"(,"response_format":"b64_json")", false},
      {"a stream has the pictures in its events", R"(,"stream":true,"response_format":"url")",
       false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read(c.members);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->wants_url, c.wants_url);
  }
}

TEST(ImagesTest, SaysWhatCannotBeHad) {
  const struct {
    const char* name;
    const char* members;
    const char* warning;
  } cases[] = {
      {"transparency", R"(,"background":"transparent")", "transparent backgrounds"},
      {"a shape that is far from all", R"(,"size":"3000x400","model":"gemini-3-pro-image")",
       "21:9"},
      {"a size that the model has not", R"(,"size":"4K","model":"gemini-2.5-flash-image")", "4K"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read(c.members);
    ASSERT_TRUE(call) << call.error().message;
    ASSERT_EQ(call->warnings.size(), 1u);
    EXPECT_NE(call->warnings[0].find(c.warning), std::string::npos) << call->warnings[0];
  }
}

TEST(ImagesTest, RefusesWhatIsWrongAndNamesIt) {
  const std::string long_prompt(kLongestImagePrompt + 1, 'x');
  const struct {
    const char* name;
    std::string body;
    const char* param;
  } cases[] = {
      {"no JSON", "prompt=x", ""},
      {"no object", "[]", ""},
      {"no prompt", "{}", "prompt"},
      {"a prompt of null", R"({"prompt":null})", "prompt"},
      {"an empty prompt", R"({"prompt":"  "})", "prompt"},
      {"a prompt of nothing but words for us", R"({"prompt":"{n:2}"})", "prompt"},
      {"a prompt that is no text", R"({"prompt":["x"]})", "prompt"},
      {"a prompt that is too long", R"({"prompt":")" + long_prompt + R"("})", "prompt"},
      {"too many by words", R"({"prompt":"a {n:11}"})", "prompt"},
      {"none by words", R"({"prompt":"a {n:0}"})", "prompt"},
      {"an unknown shape by words", R"({"prompt":"a {ratio:7:5}"})", "prompt"},
      {"none", R"({"prompt":"a","n":0})", "n"},
      {"too many", R"({"prompt":"a","n":11})", "n"},
      {"half a picture", R"({"prompt":"a","n":1.5})", "n"},
      {"a number in words", R"({"prompt":"a","n":"two"})", "n"},
      {"a size without sides", R"({"prompt":"a","size":"large"})", "size"},
      {"a size of one side", R"({"prompt":"a","size":"1024x"})", "size"},
      {"a size that is too small", R"({"prompt":"a","size":"8x8"})", "size"},
      {"a size that is too large", R"({"prompt":"a","size":"99999x99999"})", "size"},
      {"a negative size", R"({"prompt":"a","size":"-512x512"})", "size"},
      {"a size in numbers", R"({"prompt":"a","size":1024})", "size"},
      {"an unknown shape", R"({"prompt":"a","aspect_ratio":"7:5"})", "aspect_ratio"},
      {"a long shape of a model that has none",
       R"({"prompt":"a","aspect_ratio":"8:1","model":"gemini-3-pro-image"})", "aspect_ratio"},
      {"an unknown class", R"({"prompt":"a","image_size":"8K"})", "image_size"},
      {"an unknown quality", R"({"prompt":"a","quality":"best"})", "quality"},
      {"an unknown format", R"({"prompt":"a","output_format":"bmp"})", "output_format"},
      {"an unknown background", R"({"prompt":"a","background":"red"})", "background"},
      {"an unknown response format", R"({"prompt":"a","response_format":"png"})",
       "response_format"},
      {"a compression out of range", R"({"prompt":"a","output_compression":101})",
       "output_compression"},
      {"too many drafts", R"({"prompt":"a","stream":true,"partial_images":4})", "partial_images"},
      {"a stream of maybe", R"({"prompt":"a","stream":"maybe"})", "stream"},
      {"a model that is no text", R"({"prompt":"a","model":7})", "model"},
      {"a model that is not offered", R"({"prompt":"a","model":"gemini-2.0-flash-exp"})", "model"},
      {"a model that leads elsewhere", R"({"prompt":"a","model":"gemini-/../x"})", "model"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_image_generation(c.body, kRules);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_EQ(call.error().param, c.param) << call.error().message;
  }
}

TEST(ImagesTest, AnEditHasItsPicturesBeforeTheWords) {
  const std::string png = *base64_decode(kPng);
  const Json fields = {{"prompt", "make it blue"},
                       {"n", "2"},
                       {"stream", "true"},
                       {"size", "1024x1024"},
                       {"partial_images", "1"}};
  const auto call =
      read_image_edit(fields, {{"image", png}, {"image[1]", png}}, FormFile{"mask", png}, kRules);
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->count, 2);
  EXPECT_TRUE(call->stream);
  const auto text = image_request_text(image_request(*call, call->called.model), *call);
  const auto body = parse_json(text);
  ASSERT_TRUE(body) << text;
  const Json& parts = (*body)["contents"][0]["parts"];
  ASSERT_EQ(parts.size(), 4u);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(to_text(parts[i]),
              R"({"inlineData":{"mimeType":"image/png","data":")" + std::string(kPng) + "\"}}");
  EXPECT_TRUE(string_in(parts[3], "text").starts_with("make it blue\n\nThe last image is a mask"));
}

TEST(ImagesTest, AnEditsFilesMustBePictures) {
  const std::string png = *base64_decode(kPng);
  const Json fields = {{"prompt", "x"}};
  const struct {
    const char* name;
    std::vector<FormFile> images;
    std::optional<FormFile> mask;
    const char* param;
  } cases[] = {
      {"none", {}, std::nullopt, "image"},
      {"an empty one", {{"image", ""}}, std::nullopt, "image"},
      {"words", {{"image", png}, {"image[1]", "hello"}}, std::nullopt, "image[1]"},
      {"a kind that no model reads", {{"image", "GIF89a..."}}, std::nullopt, "image"},
      {"a mask of words", {{"image", png}}, FormFile{"mask", "hello"}, "mask"},
      {"too many", std::vector<FormFile>(17, FormFile{"image[]", png}), std::nullopt, "image"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_image_edit(fields, c.images, c.mask, kRules);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_EQ(call.error().param, c.param) << call.error().message;
  }
}

TEST(ImageReplyTest, TakesThePicturesOfRecordedReplies) {
  for (const auto& recording : testing::recordings("generate.image-out")) {
    SCOPED_TRACE(recording.name);
    MadePictures made;
    ASSERT_TRUE(made.read(recording.body));
    EXPECT_TRUE(made.has_result());
    EXPECT_EQ(made.pictures.size(), 1u);
    EXPECT_EQ(made.pictures[0].media_type, "image/jpeg");
    EXPECT_EQ(made.pictures[0].size, "1x1");
    ASSERT_TRUE(made.usage);
    EXPECT_EQ(made.usage->total, made.usage->input + made.usage->output);
    EXPECT_GT(made.usage->output_images, 0);
  }
  for (const auto& recording : testing::recordings("stream.image-out")) {
    SCOPED_TRACE(recording.name);
    MadePictures made;
    for (const auto& event : recording.events) ASSERT_TRUE(made.read(event));
    EXPECT_EQ(made.pictures.size(), 1u);
    EXPECT_EQ(made.words, "Here's a cute cartoon kitten playing with a ball of yarn for you! ");
    EXPECT_EQ(made.usage->output, 1307);
  }
}

TEST(ImageReplyTest, ThoughtsAreDrafts) {
  MadePictures made;
  const std::string part = R"({"inlineData":{"mimeType":"image/png","data":")" + std::string(kPng);
  ASSERT_TRUE(made.read(R"({"candidates":[{"content":{"parts":[)" + part +
                        R"("},"thought":true},{"text":"hm","thought":true}]}}]})"));
  EXPECT_FALSE(made.has_result());
  ASSERT_EQ(made.pictures.size(), 1u);
  EXPECT_TRUE(made.pictures[0].is_draft);
  EXPECT_EQ(made.words, "");
}

TEST(ImageReplyTest, WhatIsNoBase64IsNoPicture) {
  MadePictures made;
  ASSERT_TRUE(made.read(
      R"({"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"a\"},{"}}]}}]})"));
  EXPECT_TRUE(made.pictures.empty());
  EXPECT_FALSE(made.read("<html>"));
  EXPECT_FALSE(made.read(R"({"error":{"message":"no"}})"));
}

TEST(ImageReplyTest, TellsARefusalFromAFailure) {
  const struct {
    const char* name;
    const char* body;
    const char* code;
    bool may_try_again;
    const char* words;
  } cases[] = {
      {"a blocked prompt", R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}})",
       "content_policy_violation", false, "PROHIBITED_CONTENT"},
      {"a blocked picture",
       R"({"candidates":[{"finishReason":"IMAGE_SAFETY","finishMessage":"Unable to show it."}]})",
       "content_policy_violation", false, "Unable to show it."},
      {"safety", R"({"candidates":[{"finishReason":"SAFETY"}]})", "content_policy_violation", false,
       "SAFETY"},
      {"no picture", R"({"candidates":[{"finishReason":"NO_IMAGE"}]})", "image_generation_failed",
       true, "NO_IMAGE"},
      {"words in place of a picture",
       R"({"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"I cannot draw that."}]}}]})",
       "image_generation_failed", true, "I cannot draw that."},
      {"nothing", "{}", "image_generation_failed", true, "made no picture"},
      {"the budget went into thoughts", R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})",
       "image_generation_failed", false, "MAX_TOKENS"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    MadePictures made;
    ASSERT_TRUE(made.read(c.body));
    const auto refusal = refusal_of(made);
    EXPECT_EQ(refusal.status, 400);
    EXPECT_EQ(refusal.code, c.code);
    EXPECT_EQ(refusal.param, "prompt");
    EXPECT_EQ(refusal.may_try_again, c.may_try_again);
    EXPECT_NE(refusal.message.find(c.words), std::string::npos) << refusal.message;
  }
}

TEST(ImageReplyTest, WritesOpenAisReply) {
  ImageCall call;
  call.quality = "high";
  std::vector<MadePicture> pictures = {{"image/png", "QUJD", "64x32", "", false},
                                       {"image/png", "", "64x32", "http://x/1.png", false},
                                       {"image/png", "REVG", "64x32", "", false}};
  const ImageReplyFacts facts{7, {10, 4, 6, 100, 90, 110}, {"one", "two"}};
  EXPECT_EQ(
      joined(image_reply(call, pictures, facts)),
      R"({"created":7,"data":[{"b64_json":"QUJD"},{"url":"http://x/1.png"},{"b64_json":"REVG"}],)"
      R"("background":"opaque","quality":"high","output_format":"png","size":"64x32",)"
      R"("usage":{"input_tokens":10,"input_tokens_details":{"image_tokens":6,"text_tokens":4},)"
      R"("output_tokens":100,"output_tokens_details":{"image_tokens":90,"text_tokens":10},)"
      R"("total_tokens":110},"warning":"one; two"})");
}

TEST(ImageReplyTest, WritesOpenAisEvents) {
  ImageCall call;
  EXPECT_EQ(joined(partial_image_event(call, {"image/png", "QUJD", "", "", true}, 1, 7)),
            "event: image_generation.partial_image\n"
            R"(data: {"type":"image_generation.partial_image","created_at":7,"size":"auto",)"
            R"("quality":"auto","background":"opaque","output_format":"png",)"
            R"("partial_image_index":1,"b64_json":"QUJD"})"
            "\n\n");
  call.is_edit = true;
  const auto completed =
      joined(completed_image_event(call, {"image/jpeg", "QUJD", "8x8", "", false}, {7, {}, {}}));
  EXPECT_TRUE(completed.starts_with("event: image_edit.completed\ndata: {")) << completed;
  EXPECT_NE(completed.find(R"("output_format":"jpeg")"), std::string::npos);
  EXPECT_NE(completed.find(R"("usage":{"input_tokens":0)"), std::string::npos);
}

}  // namespace
}  // namespace gembal::openai
