#include "lib/openai/links.hpp"

#include <gtest/gtest.h>

#include "lib/core/json.hpp"

namespace gembal::openai {
namespace {

constexpr const char* kUpstream = "http://127.0.0.1:8001/v1beta";

TEST(LinksTest, FindsThemInEveryApisContent) {
  const struct {
    const char* name;
    const char* request;
    const char* expected;  // "what param url", one a line
  } cases[] = {
      {"a chat's image, as an object and as text",
       R"({"messages":[{"role":"user","content":"hi https://a/b.png"},
           {"role":"user","content":[{"type":"text","text":"https://a/b.png"},
             {"type":"image_url","image_url":{"url":"https://a/b.png"}},{"type":"image_url","image_url":"http://a/c.png"}]}]})",
       "image messages[1].content[1].image_url.url https://a/b.png\n"
       "image messages[1].content[2].image_url http://a/c.png\n"},
      {"a chat's video, sound and file",
       R"({"messages":[{"content":[{"type":"video_url","video_url":{"url":"https://a/v"}},{"type":"audio_url","audio_url":{"url":"https://a/s"}},
             {"type":"file","file":{"file_id":"https://a/f.pdf"}},{"type":"file","file":{"file_url":"HTTPS://a/g.pdf"}}]}]})",
       "video messages[0].content[0].video_url.url https://a/v\n"
       "audio messages[0].content[1].audio_url.url https://a/s\n"
       "file messages[0].content[2].file.file_id https://a/f.pdf\n"
       "file messages[0].content[3].file.file_url HTTPS://a/g.pdf\n"},
      {"a response's input",
       R"({"input":[{"type":"message","content":[{"type":"input_image","image_url":"https://a/b.png"},{"type":"input_file","file_url":"https://a/f.pdf"}]},
           {"type":"function_call_output","output":[{"type":"input_image","image_url":"https://a/c.png"}]}]})",
       "image input[0].content[0].image_url https://a/b.png\n"
       "file input[0].content[1].file_url https://a/f.pdf\n"
       "image input[1].output[0].image_url https://a/c.png\n"},
      {"Anthropic's sources, also in a tool's result",
       R"({"messages":[{"content":[{"type":"image","source":{"type":"url","url":"https://a/b.png"}},{"type":"document","source":{"type":"url","url":"https://a/f.pdf"}},
             {"type":"tool_result","content":[{"type":"image","source":{"type":"url","url":"https://a/c.png"}}]},
             {"type":"image","source":{"type":"base64","data":"https"}}]}]})",
       "image messages[0].content[0].source.url https://a/b.png\n"
       "file messages[0].content[1].source.url https://a/f.pdf\n"
       "image messages[0].content[2].content[0].source.url https://a/c.png\n"},
      {"what the model opens itself",
       R"({"messages":[{"content":[{"type":"image_url","image_url":{"url":"gs://b/x.png"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}},
             {"type":"video_url","video_url":{"url":"https://www.youtube.com/watch?v=x"}},{"type":"video_url","video_url":{"url":"https://youtu.be/x"}},
             {"type":"file","file":{"file_id":"https://generativelanguage.googleapis.com/v1beta/files/x"}},{"type":"file","file":{"file_id":"file-x"}},
             {"type":"image_url","image_url":{"url":"http://127.0.0.1:8001/v1beta/files/x"}}]}]})",
       ""},
      {"names that only look like those",
       R"({"messages":[{"content":[{"type":"image_url","image_url":"https://notyoutube.com/x"},{"type":"image_url","image_url":"https://a/youtube.com"},
             {"type":"image_url","image_url":"https://youtube.com.evil.example/x"}]}]})",
       "image messages[0].content[0].image_url https://notyoutube.com/x\n"
       "image messages[0].content[1].image_url https://a/youtube.com\n"
       "image messages[0].content[2].image_url https://youtube.com.evil.example/x\n"},
      {"shapes that are none",
       R"({"messages":[7,{"content":{"type":"image_url"}},{"content":[7,null,{"type":7},{"type":"image_url"},{"type":"image_url","image_url":7},
             {"type":"image_url","image_url":{"url":7}},{"type":"file","file":"https://a/x"},{"type":"image","source":7}]}],"input":"https://a/b"})",
       ""},
      {"no object", R"([{"messages":[]}])", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto request = *parse_json(c.request);
    std::string found;
    for (const auto& link : links_in(request, kUpstream))
      found += link.what + " " + link.param + " " + link.url + "\n";
    EXPECT_EQ(found, c.expected);
  }
}

TEST(LinksTest, PutsWhatWasFetchedInTheirPlace) {
  auto request = *parse_json(
      R"({"messages":[{"content":[{"type":"image_url","image_url":{"url":"https://a/b","detail":"low"}},{"type":"image_url","image_url":"https://a/c"},
          {"type":"image","source":{"type":"url","url":"https://a/d"}},{"type":"file","file":{"file_id":"https://a/e","filename":"e.txt"}}]}]})");
  const std::string png = "\x89PNG\r\n\x1a\n";
  const auto links = links_in(request, kUpstream);
  ASSERT_EQ(links.size(), 4u);
  EXPECT_TRUE(fill(links[0], png, "text/html"));
  EXPECT_TRUE(fill(links[1], png, ""));
  EXPECT_TRUE(fill(links[2], png, "image/png"));
  EXPECT_TRUE(fill(links[3], "Hello", "text/plain; charset=utf-8"));
  EXPECT_EQ(
      to_text(request),
      R"({"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"low"}},)"
      R"({"type":"image_url","image_url":"data:image/png;base64,iVBORw0KGgo="},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},)"
      R"({"type":"file","file":{"file_id":"data:text/plain;base64,SGVsbG8=","filename":"e.txt"}}]}]})");
  EXPECT_TRUE(links_in(request, kUpstream).empty());
}

TEST(LinksTest, WhatIsNoPictureIsRefused) {
  auto request = *parse_json(
      R"({"messages":[{"content":[{"type":"image_url","image_url":{"url":"https://a/b?token=x"}}]}]})");
  const auto links = links_in(request, kUpstream);
  ASSERT_EQ(links.size(), 1u);
  for (const char* type :
       {"text/html; charset=utf-8", "image/png", "", "application/octet-stream"}) {
    const auto filled = fill(links[0], "<!doctype html><title>secret</title>", type);
    ASSERT_FALSE(filled) << type;
    const auto error = link_error(links[0], "https://a/b", filled.error());
    EXPECT_EQ(error.message, "the image at https://a/b could not be fetched: it is no image");
    EXPECT_EQ(error.param, "messages[0].content[0].image_url.url");
    EXPECT_EQ(error.kind, ErrorKind::bad_request);
  }
  EXPECT_EQ(fill(links[0], "", "image/png").error().message, "it is empty");
  EXPECT_EQ(link_error(links[0], "x", {ErrorKind::cancelled, "left", ""}).message, "left");
}

}  // namespace
}  // namespace gembal::openai
