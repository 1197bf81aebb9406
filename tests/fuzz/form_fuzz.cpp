// Multipart forms: parts lie in the body, and none holds the boundary.

#include "lib/core/form.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace gembal {

void fuzz_one(std::string_view input) {
  // The first line is the content type.
  const auto end = input.find('\n');
  const auto type = input.substr(0, end);
  const auto body = end == input.npos ? std::string_view{} : input.substr(end + 1);
  for (const auto content_type : {std::string_view("multipart/form-data; boundary=XyZ"), type}) {
    const auto form = read_form(content_type, body);
    if (!form) {
      promise(form.error().kind == ErrorKind::bad_request, "what is wrong is the caller's fault");
      promise(!form.error().message.empty(), "a refusal says why");
      continue;
    }
    promise(form->parts.size() <= kMostFormParts, "a form has so many parts at most");
    for (const auto& part : form->parts) {
      promise(!part.name.empty(), "a part has a name");
      promise(part.bytes.empty() ||
                  (part.bytes.data() >= body.data() &&
                   part.bytes.data() + part.bytes.size() <= body.data() + body.size()),
              "parts lie in the body");
      promise(form->find(part.name) != nullptr, "a part is found by its name");
      if (!content_type.ends_with("=XyZ")) continue;
      // A longer word may begin like the boundary.
      for (const auto* boundary : {"\r\n--XyZ\r\n", "\r\n--XyZ--"})
        promise(part.bytes.find(boundary) == part.bytes.npos, "a part ends at the boundary");
    }
  }
}

}  // namespace gembal
