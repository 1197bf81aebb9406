#include "lib/core/form.hpp"

#include <gtest/gtest.h>

namespace gembal {
namespace {

/// "name(filename, type)=bytes" for each part.
std::string told(const Form& form) {
  std::string text;
  for (const auto& part : form.parts) {
    if (!text.empty()) text += " | ";
    text += part.name;
    if (part.is_file() || !part.content_type.empty())
      text += "(" + part.filename + ", " + part.content_type + ")";
    text += "=" + std::string(part.bytes);
  }
  return text;
}

std::string told(const std::string& content_type, const std::string& body) {
  const auto form = read_form(content_type, body);
  if (form) return told(*form);
  EXPECT_EQ(form.error().kind, ErrorKind::bad_request);
  return "error: " + form.error().message;
}

std::string part(const std::string& disposition, const std::string& bytes,
                 const std::string& more_headers = "") {
  return "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n" + more_headers + "\r\n" +
         bytes + "\r\n";
}

const std::string kType = "multipart/form-data; boundary=B";
const std::string kEnd = "--B--\r\n";

TEST(FormTest, ReadsWhatClientsSend) {
  const struct {
    const char* name;
    std::string content_type;
    std::string body;
    std::string expected;
  } cases[] = {
      {"curl: a file and a field",
       "multipart/form-data; boundary=------------------------d74496d66958873e",
       "--------------------------d74496d66958873e\r\n"
       "Content-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n"
       "Content-Type: audio/mpeg\r\n\r\nID3\r\n"
       "--------------------------d74496d66958873e\r\n"
       "Content-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
       "--------------------------d74496d66958873e--\r\n",
       "file(a.mp3, audio/mpeg)=ID3 | model=whisper-1"},
      {"OpenAI's SDK for Python: fields first, a list's names",
       "multipart/form-data; boundary=8721656041911415653955004498",
       "--8721656041911415653955004498\r\n"
       "Content-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
       "--8721656041911415653955004498\r\n"
       "Content-Disposition: form-data; name=\"timestamp_granularities[]\"\r\n\r\nword\r\n"
       "--8721656041911415653955004498\r\n"
       "Content-Disposition: form-data; name=\"file\"; filename=\"speech.wav\"\r\n"
       "Content-Type: audio/x-wav\r\n\r\nRIFF\r\n"
       "--8721656041911415653955004498--\r\n",
       "model=whisper-1 | timestamp_granularities[]=word | file(speech.wav, audio/x-wav)=RIFF"},
      {"OpenAI's SDK for JavaScript: no line's end after the last boundary",
       "multipart/form-data; boundary=----formdata-undici-0123",
       "------formdata-undici-0123\r\n"
       "Content-Disposition: form-data; name=\"prompt\"\r\n\r\na cat\r\n"
       "------formdata-undici-0123--",
       "prompt=a cat"},
      {"a quoted boundary, other parameters, any case",
       "Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b:c\"",
       "--a b:c\r\ncontent-disposition:FORM-DATA;NAME=x\r\n\r\n1\r\n--a b:c--\r\n", "x=1"},
      {"%22 in a name, as browsers write it", kType, part("name=\"a%22b%0D%0Ac\"", "1") + kEnd,
       "a\"b\r\nc=1"},
      {"a backslash before a quote in a name", kType,
       part("name=\"a\\\"b\"; filename=\"c\\\\d;e.png\"", "1") + kEnd, "a\"b(c\\d;e.png, )=1"},
      {"any other percent sign stays", kType, part("name=\"100%25\"", "1") + kEnd, "100%25=1"},
      {"the filename before the name", kType,
       part("filename=\"x.png\"; name=\"image\"", "1") + kEnd, "image(x.png, )=1"},
      {"an extended filename", kType,
       part("name=\"file\"; filename=\"_.mp3\"; filename*=utf-8''%C3%A4.mp3", "1") + kEnd,
       "file(\u00e4.mp3, )=1"},
      {"a name that comes again is kept, in order", kType,
       part("name=\"image[]\"; filename=\"1.png\"", "one") + part("name=\"n\"", "2") +
           part("name=\"image[]\"; filename=\"2.png\"", "two") + kEnd,
       "image[](1.png, )=one | n=2 | image[](2.png, )=two"},
      {"an empty file", kType,
       part("name=\"file\"; filename=\"a.wav\"", "", "Content-Type: audio/wav\r\n") + kEnd,
       "file(a.wav, audio/wav)="},
      {"a file without a filename", kType,
       part("name=\"file\"", "1", "Content-Type: application/octet-stream\r\n") + kEnd,
       "file(file, application/octet-stream)=1"},
      {"a field that tells its type", kType,
       part("name=\"model\"", "m", "Content-Type: text/plain; charset=utf-8\r\n") + kEnd,
       "model(, text/plain; charset=utf-8)=m"},
      {"a part without a line before its end", kType,
       "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n--B--\r\n", "a="},
      {"line ends and dashes in a file", kType,
       part("name=\"f\"", "\r\n\n--\r\n--BB\r\n-B\r\n--B\n--\r") + kEnd,
       "f=\r\n\n--\r\n--BB\r\n-B\r\n--B\n--\r"},
      {"a preamble, an epilogue, blanks after a boundary", kType,
       "hello\r\n--B \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B-- \r\nbye",
       "a=1"},
      {"no part at all", kType, kEnd, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(told(c.content_type, c.body), c.expected);
  }
}

TEST(FormTest, SaysWhatIsWrong) {
  std::string many;
  for (std::size_t i = 0; i <= kMostFormParts; ++i) many += part("name=\"a\"", "1");
  const struct {
    const char* name;
    std::string content_type;
    std::string body;
    std::string expected;
  } cases[] = {
      {"JSON", "application/json", "{}", "multipart/form-data, not 'application/json'"},
      {"no content type", "", "x", "content-type has to be multipart/form-data"},
      {"no boundary", "multipart/form-data", kEnd, "names no boundary"},
      {"an empty boundary", "multipart/form-data; boundary=\"\"", kEnd, "names no boundary"},
      {"an endless boundary", "multipart/form-data; boundary=" + std::string(300, 'B'), kEnd,
       "too long"},
      {"another boundary than the body's", "multipart/form-data; boundary=C",
       part("name=\"a\"", "1") + kEnd, "does not contain the boundary"},
      {"an empty body", kType, "", "does not contain the boundary"},
      {"cut in a part", kType, "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc",
       "cut short: no boundary ends its part 'file'"},
      {"cut in the headers", kType, "--B\r\nContent-Disposition: form-da", "cut short"},
      {"cut after a part", kType, part("name=\"a\"", "1") + "--B", "cut short"},
      {"line ends of one character", kType,
       "--B\nContent-Disposition: form-data; name=\"a\"\n\n1\n--B--\n", "cut short"},
      {"a part without a name", kType, part("filename=\"x\"", "1") + kEnd, "with a name"},
      {"a part with an empty name", kType, part("name=\"\"", "1") + kEnd, "with a name"},
      {"a part without a disposition", kType, "--B\r\n\r\n1\r\n--B--", "with a name"},
      {"endless headers", kType, part("name=\"a\"", "1", "X: " + std::string(20'000, 'x') + "\r\n"),
       "headers of a part are too long"},
      {"many headers", kType,
       part("name=\"a\"", "1",
            [] {
              std::string lines;
              for (int i = 0; i < 5000; ++i) lines += "X: 1\r\n";
              return lines;
            }()),
       "headers of a part are too long"},
      {"too many parts", kType, many + kEnd, "more than 256 parts"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto text = told(c.content_type, c.body);
    EXPECT_TRUE(text.starts_with("error: ")) << text;
    EXPECT_NE(text.find(c.expected), std::string::npos) << text;
  }
}

TEST(FormTest, EveryCutOfAFormIsAnErrorAndNothingWorse) {
  const auto whole =
      part("name=\"a\"", "1") + part("name=\"f\"; filename=\"x\"", "\r\n--\r\n") + kEnd;
  for (std::size_t length = 0; length < whole.size() - 2; ++length)
    EXPECT_FALSE(read_form(kType, whole.substr(0, length))) << length;
  EXPECT_TRUE(read_form(kType, whole));
}

TEST(FormTest, ALargeFileIsNotCopied) {
  const std::string file(20u << 20, '\r');
  const auto body = part("name=\"file\"; filename=\"a.wav\"", file) + kEnd;
  const auto form = read_form(kType, body);
  ASSERT_TRUE(form);
  ASSERT_EQ(form->parts.size(), 1u);
  EXPECT_TRUE(form->parts[0].bytes == file);
  EXPECT_GE(form->parts[0].bytes.data(), body.data());
  EXPECT_LT(form->parts[0].bytes.data(), body.data() + body.size());
}

TEST(FormTest, FindsPartsByName) {
  const auto body = part("name=\"image[]\"; filename=\"1\"", "one") + part("name=\"n\"", "2") +
                    part("name=\"image[1]\"; filename=\"2\"", "two") +
                    part("name=\"image\"; filename=\"3\"", "three") +
                    part("name=\"imagery\"", "no") + part("name=\"n\"", "3") + kEnd;
  const auto form = read_form(kType, body);
  ASSERT_TRUE(form);
  EXPECT_EQ(form->text("n"), "2");
  EXPECT_EQ(form->text("m"), "");
  EXPECT_EQ(form->find("m"), nullptr);
  std::string images;
  for (const auto* image : form->all("image")) images += std::string(image->bytes) + ",";
  EXPECT_EQ(images, "one,two,three,");
}

}  // namespace
}  // namespace gembal
